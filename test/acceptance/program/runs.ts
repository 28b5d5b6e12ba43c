import assert from "node:assert/strict";
import { EngineError, type RunResult, type StackRun } from "../../../sandbox/engine";
import { type Engine, inProcessEngine } from "../../../sandbox/engine/engines";
import type { TestCluster } from "./harness";

/** The stack keeps its images on NFS: a volume and a claim of its own. */
export const nfs = {
  backend: "nfs",
  nfs: { server: "nfs.example.com", path: "/srv/registry", size: "10Gi" },
};
export const nfsClaim = "image-registry-nfs";

/** What the run did, `update registry` for example. */
export function changes({ steps }: RunResult): string[] {
  return steps.filter(({ op }) => op !== "same").map(({ op, name }) => `${op} ${name}`);
}

export function warnings({ diagnostics }: RunResult): string {
  return diagnostics
    .filter(({ severity }) => severity === "warning")
    .map(({ message }) => message)
    .join("\n");
}

export async function failure(run: Promise<RunResult>): Promise<EngineError> {
  try {
    await run;
  } catch (error) {
    if (error instanceof EngineError) return error;
    throw error;
  }
  return assert.fail("the run should have failed");
}

/** Preview and up both end with this message, and nobody has written a thing. */
export async function assertRefused(
  cluster: TestCluster,
  run: StackRun,
  message: RegExp,
  engine: Engine = inProcessEngine,
): Promise<void> {
  const before = await cluster.settledVersions();
  for (const operation of ["preview", "up"] as const) {
    const error = await failure(engine[operation](run));
    assert.match(error.message, message);
    assert.deepEqual(changes(error.result).filter(isOfCluster), []);
  }
  assert.deepEqual(await cluster.versions(), before);
}

// The stack itself and the provider are made of configuration alone.
function isOfCluster(change: string): boolean {
  return !/^create (image-registry-\w+|cluster)$/.test(change);
}

/** The images that a live registry keeps elsewhere are of no interest to these tests. */
export const acceptImageLoss = true;
