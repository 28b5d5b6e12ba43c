import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import * as path from "node:path";
import { createInterface } from "node:readline";

import { UserError } from "../../errors";
import { withLock } from "../lock";

/** What machines boot from: kernel, initrd, server.ext4 and client.ext4 in one folder, never written to. */
export interface Image {
  readonly folder: string;
}

const recipe = path.join(__dirname, "image");

/** Built on the first call (one to two minutes), then shared by every checkout of this user with the same recipe. */
export async function buildImage(log: (line: string) => void): Promise<Image> {
  const cache = path.join(
    process.env["XDG_CACHE_HOME"] || path.join(homedir(), ".cache"),
    "image-registry-sandbox",
  );
  const folder = path.join(cache, `machines-${hashOf(recipe)}`);
  if (existsSync(folder)) return { folder };
  return withLock(
    cache,
    { name: "machines", purpose: "building the machines' image", wait: log },
    async () => {
      if (!existsSync(folder)) await build(folder, log);
      return { folder };
    },
  );
}

async function build(folder: string, log: (line: string) => void): Promise<void> {
  const unfinished = path.join(path.dirname(folder), "machines-unfinished");
  rmSync(unfinished, { recursive: true, force: true }); // of a build that was killed
  mkdirSync(unfinished);
  log("building the machines' image: once, one to two minutes");
  await runRecipe(unfinished, log);
  renameSync(unfinished, folder);
}

async function runRecipe(folder: string, log: (line: string) => void): Promise<void> {
  const script = spawn(path.join(recipe, "build.sh"), [folder], { stdio: ["ignore", "pipe", "pipe"] });
  const lastLines: string[] = [];
  for (const output of [script.stdout, script.stderr]) {
    createInterface(output).on("line", (line) => {
      lastLines.push(line);
      log(`  ${line}`);
    });
  }
  const [status] = (await once(script, "close")) as [number | null];
  if (status !== 0)
    throw new UserError(`the machines' image cannot be built: ${lastLines.slice(-8).join("\n")}`);
}

function hashOf(directory: string): string {
  const files = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  const hash = createHash("sha256");
  for (const file of files.map((entry) => path.join(entry.parentPath, entry.name)).sort()) {
    hash.update(`${path.relative(directory, file)}\0`).update(readFileSync(file));
  }
  return hash.digest("hex").slice(0, 12);
}
