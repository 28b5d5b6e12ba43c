import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
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

/**
 * The folder with the control plane's programs, built from sandbox/go.mod on the first call. One build serves every
 * checkout of this user that has the same pins.
 */
export async function buildBinaries(log: (line: string) => void, signal?: AbortSignal): Promise<string> {
  const cache = path.join(
    process.env["XDG_CACHE_HOME"] || path.join(homedir(), ".cache"),
    "image-registry-sandbox",
  );
  const binaries = path.join(cache, `bin-${hashOf(["go.mod", "go.sum", "control-plane/binaries.ts"])}`);
  if (existsSync(binaries)) return binaries;
  return withLock(
    cache,
    { name: "build", purpose: "building the sandbox's programs", wait: log },
    async () => {
      if (!existsSync(binaries)) await build(binaries, log, signal);
      return binaries;
    },
  );
}

async function build(binaries: string, log: (line: string) => void, signal?: AbortSignal): Promise<void> {
  const unfinished = path.join(path.dirname(binaries), "unfinished");
  rmSync(unfinished, { recursive: true, force: true }); // of a build that was killed
  mkdirSync(unfinished);

  const version = await go(["list", "-m", "-f", "{{.Version}}", "k8s.io/kubernetes"], { signal });
  log(
    `building Kubernetes ${version}, etcd and kwok: once, some minutes, most of it silent work of \`go build\``,
  );
  await compile(unfinished, version, log, signal);
  renameSync(path.join(unfinished, "server"), path.join(unfinished, "etcd")); // go names it after its folder

  const kwok = await go(["list", "-m", "-f", "{{.Dir}}", "sigs.k8s.io/kwok"], { signal });
  for (const stage of stages) {
    cpSync(path.join(kwok, "kustomize/stage", stage), path.join(unfinished, "stages", path.basename(stage)));
  }
  renameSync(unfinished, binaries);
}

/** Builds what go.mod lists under `tool`, and says every ten seconds how far it is. */
async function compile(folder: string, version: string, log: (line: string) => void, signal?: AbortSignal) {
  const packages = (await go(["list", "-deps", "tool"], { signal })).split("\n").length;
  const begin = Date.now();
  let compiled = 0;
  const progress = setInterval(() => {
    const seconds = Math.round((Date.now() - begin) / 1000);
    log(`  ${seconds} s: ${compiled} of at most ${packages} packages compiled`);
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

function hashOf(files: readonly string[]): string {
  const hash = createHash("sha256");
  for (const file of files) hash.update(readFileSync(path.join(goModule, file)));
  return hash.digest("hex").slice(0, 12);
}
