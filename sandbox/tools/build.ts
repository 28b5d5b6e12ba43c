import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import * as path from "node:path";

import { withLock } from "../lock";
import { cacheFolder } from "./cache";
import { go } from "./go";

/** Programs that are built once and then served from the user's cache. */
export interface Tools {
  /** Their folder in the cache is called this. */
  readonly name: string;
  /** The folder of the go.mod that pins them and lists them under `tool`. */
  readonly module: string;
  /** What is built and how long it takes, as the user is told. */
  readonly announcement: string;
  /** Go sources of the module itself, relative to its folder. Default: none. */
  readonly sources?: readonly string[];
  /** More flags of the linker. Default: none. */
  readonly linkerFlags?: () => Promise<string>;
  /** Adds to the folder of the built programs what else belongs there. */
  readonly complete?: (folder: string) => Promise<void>;
  /** Decides, besides the module, what the folder holds: another value is another build. */
  readonly recipe?: unknown;
}

export interface BuildOptions {
  readonly log: (line: string) => void;
  readonly signal?: AbortSignal;
}

/** Where these programs are, once they are built. */
export function toolsFolder(tools: Tools): string {
  return path.join(cacheFolder(), `${tools.name}-${recipeHash(tools)}`);
}

/** The folder with these programs. One build serves every checkout of this user that has the same pins. */
export async function buildTools(tools: Tools, options: BuildOptions): Promise<string> {
  const cache = cacheFolder();
  const programs = toolsFolder(tools);
  if (existsSync(programs)) return programs;
  const { log: wait, signal } = options;
  const lock = { name: "build", purpose: "building the sandbox's programs", wait, signal };
  return withLock(cache, lock, async () => {
    if (existsSync(programs)) return programs; // of the one this waited for
    const unfinished = path.join(cache, "unfinished");
    rmSync(unfinished, { recursive: true, force: true }); // of a build that was killed
    mkdirSync(unfinished);
    options.log(`building ${tools.announcement}`);
    await compile(unfinished, tools, options);
    await tools.complete?.(unfinished);
    renameSync(unfinished, programs);
    return programs;
  });
}

/** Builds what go.mod lists under `tool`, and says every ten seconds how far it is. */
async function compile(folder: string, tools: Tools, options: BuildOptions): Promise<void> {
  const { log, signal } = options;
  const list = async (...args: string[]) =>
    (await go(tools.module, ["list", ...args, "tool"], { signal })).split("\n").length;
  const packages = await list("-deps");
  const programs = await list();
  const linkerFlags = `-s -w ${(await tools.linkerFlags?.()) ?? ""}`; // no debug symbols,
  const compilerFlags = "all=-dwarf=false"; // and no time spent on any
  const begin = Date.now();
  let compiled = 0;
  const progress = setInterval(() => {
    const seconds = Math.round((Date.now() - begin) / 1000);
    const linked = readdirSync(folder).length;
    log(
      `  ${seconds} s: ${compiled} of at most ${packages} packages compiled, ${linked} of ${programs} programs linked`,
    );
  }, 10_000);
  try {
    const flags = ["-v", "-trimpath", "-gcflags", compilerFlags, "-ldflags", linkerFlags];
    await go(tools.module, ["build", ...flags, "-o", `${folder}/`, "tool"], {
      onLine: () => compiled++,
      signal,
    });
  } finally {
    clearInterval(progress);
  }
}

/** Of everything that decides what the folder holds. */
function recipeHash({ module, sources = [], recipe }: Tools): string {
  const hash = createHash("sha256");
  for (const file of ["go.mod", "go.sum", ...sources]) hash.update(readFileSync(path.join(module, file)));
  hash.update(JSON.stringify([recipe, process.arch]));
  return hash.digest("hex").slice(0, 12);
}
