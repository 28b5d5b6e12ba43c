import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import * as path from "node:path";

import { withLock } from "../lock";
import { go, goModule } from "./go";

/** The files of kwok's module that make a node Ready and keep it so, and let pods run and go. */
const stages = [
  "node/fast/node-initialize.yaml",
  "node/heartbeat-with-lease/node-heartbeat-with-lease.yaml",
  "pod/fast/pod-ready.yaml",
  "pod/fast/pod-complete.yaml",
  "pod/fast/pod-delete.yaml",
];

interface BuildOptions {
  readonly log: (line: string) => void;
  readonly signal?: AbortSignal;
}

/**
 * The folder with the control plane's programs, built from sandbox/go.mod on the first call. One build serves every
 * checkout of this user that has the same pins.
 */
export async function buildBinaries(options: BuildOptions): Promise<string> {
  const cache = path.join(
    process.env["XDG_CACHE_HOME"] || path.join(homedir(), ".cache"),
    "image-registry-sandbox",
  );
  const binaries = path.join(cache, `bin-${recipeHash()}`);
  if (existsSync(binaries)) return binaries;
  const { log: wait, signal } = options;
  const lock = { name: "build", purpose: "building the sandbox's programs", wait, signal };
  return withLock(cache, lock, async () => {
    if (existsSync(binaries)) return binaries; // of the one this waited for
    const unfinished = path.join(cache, "unfinished");
    rmSync(unfinished, { recursive: true, force: true }); // of a build that was killed
    await build(unfinished, options);
    renameSync(unfinished, binaries);
    return binaries;
  });
}

async function build(folder: string, options: BuildOptions): Promise<void> {
  mkdirSync(folder);
  const version = await go(["list", "-m", "-f", "{{.Version}}", "k8s.io/kubernetes"], options);
  options.log(`building Kubernetes ${version}, etcd and kwok: once, about six minutes on two cores`);
  await compile(folder, version, options);
  renameSync(path.join(folder, "server"), path.join(folder, "etcd")); // go names it after its folder

  const kwok = await go(["list", "-m", "-f", "{{.Dir}}", "sigs.k8s.io/kwok"], options);
  for (const stage of stages) {
    cpSync(path.join(kwok, "kustomize/stage", stage), path.join(folder, "stages", path.basename(stage)));
  }
}

/** Builds what go.mod lists under `tool`, and says every ten seconds how far it is. */
async function compile(folder: string, version: string, { log, signal }: BuildOptions): Promise<void> {
  const packages = (await go(["list", "-deps", "tool"], { signal })).split("\n").length;
  const begin = Date.now();
  let compiled = 0;
  const progress = setInterval(() => {
    const seconds = Math.round((Date.now() - begin) / 1000);
    const linked = readdirSync(folder).length;
    log(
      `  ${seconds} s: ${compiled} of at most ${packages} packages compiled, ${linked} of 6 programs linked`,
    );
  }, 10_000);
  try {
    await go(["build", "-v", "-trimpath", "-ldflags", linkerFlags(version), "-o", `${folder}/`, "tool"], {
      onLine: () => compiled++,
      signal,
    });
  } finally {
    clearInterval(progress);
  }
}

/** No debug symbols, and the version that Kubernetes' own build stamps into its programs. */
function linkerFlags(version: string): string {
  const [major, minor] = version.slice(1).split(".");
  return [
    "-s -w",
    `-X k8s.io/component-base/version.gitVersion=${version}`,
    `-X k8s.io/component-base/version.gitMajor=${major}`,
    `-X k8s.io/component-base/version.gitMinor=${minor}`,
  ].join(" ");
}

/** Of everything that decides what the folder holds. */
function recipeHash(): string {
  const hash = createHash("sha256");
  for (const pins of ["go.mod", "go.sum"]) hash.update(readFileSync(path.join(goModule, pins)));
  hash.update(JSON.stringify([linkerFlags("v0.0.0"), stages, process.arch]));
  return hash.digest("hex").slice(0, 12);
}
