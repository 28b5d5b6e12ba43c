import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import * as path from "node:path";
import { createInterface } from "node:readline";

import { UserError } from "../../errors";
import { withLock } from "../lock";
import { cacheFolder } from "../tools/cache";
import { kernelOptionsOf, rolesOf } from "./addresses";
import { execute } from "./execute";
import { fastestAccelerator, qemuArguments, type Accelerator } from "./qemu";
import { saveBooted } from "./snapshot";
import type { Suite } from "./suites";

const recipe = path.join(__dirname, "image");

/** In one folder, never written to: kernel, initrd, and per role a disk and a machine saved after its boot from it. */
export interface Image {
  readonly folder: string;
  readonly accelerator: Accelerator;
}

/** Built on the first call, then shared by every checkout of this user with the same recipe and QEMU. */
export async function buildImage(suite: Suite, log: (line: string) => void): Promise<Image> {
  const cache = cacheFolder();
  const folder = path.join(cache, `machines-${suite}-${await recipeHash()}`);
  if (!existsSync(folder)) {
    const lock = { name: "machines", purpose: "building the machines' image", wait: log };
    await withLock(cache, lock, async () => {
      if (!existsSync(folder)) await build(suite, folder, log);
    });
  }
  return { folder, accelerator: readFileSync(path.join(folder, "accelerator"), "utf8") as Accelerator };
}

async function build(suite: Suite, folder: string, log: (line: string) => void): Promise<void> {
  const unfinished = path.join(path.dirname(folder), "machines-unfinished");
  rmSync(unfinished, { recursive: true, force: true }); // of a build that was killed
  mkdirSync(unfinished);
  log(`building the machines' image of Debian ${suite}: once, some minutes`);
  await runRecipe(suite, unfinished, log);
  const accelerator = await fastestAccelerator(unfinished);
  writeFileSync(path.join(unfinished, "accelerator"), accelerator);
  for (const role of rolesOf[suite]) {
    log(`  booting the ${role} once (${accelerator})`);
    await saveBooted(unfinished, role, accelerator);
  }
  renameSync(unfinished, folder);
}

async function runRecipe(suite: Suite, folder: string, log: (line: string) => void): Promise<void> {
  const script = spawn(path.join(recipe, "build.sh"), [suite, folder, ...rolesOf[suite]], {
    stdio: ["ignore", "pipe", "pipe"],
  });
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

/** A saved machine goes on only in the same QEMU with the same hardware on the same kind of processor. */
async function recipeHash(): Promise<string> {
  const hash = createHash("sha256");
  const hardware = qemuArguments({ name: "", disk: "", imageFolder: "", accelerator: "kvm" });
  const { stdout: version } = await execute("qemu-system-x86_64", ["--version"]);
  const basis = JSON.stringify([
    hardware,
    kernelOptionsOf,
    version,
    cpus()[0]?.model,
    existsSync("/dev/kvm"),
  ]);
  hash.update(basis.replaceAll(__dirname, "")); // the same in every checkout
  const files = readdirSync(recipe, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  for (const file of files.map((entry) => path.join(entry.parentPath, entry.name)).sort()) {
    hash.update(`${path.relative(recipe, file)}\0`).update(readFileSync(file));
  }
  return hash.digest("hex").slice(0, 12);
}
