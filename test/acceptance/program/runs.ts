import assert from "node:assert/strict";
import { checkRegistry } from "../../../platforms";
import { warningTexts } from "../../../platforms/text";
import { changes, configurationOf, failure, preview, type StackRun, up } from "../../support/engine";
import type { TestCluster } from "./harness";

/** The stack keeps its images on NFS: a volume and a claim of its own. */
export const nfs = {
  backend: "nfs",
  nfs: { server: "nfs.example.com", path: "/srv/registry", size: "10Gi" },
};
export const nfsClaim = "image-registry-nfs";

/** Preview and up both end with this message, and nobody has written a thing. */
export async function assertRefused(cluster: TestCluster, run: StackRun, message: RegExp): Promise<void> {
  const before = await cluster.settledVersions();
  for (const operation of [preview, up]) {
    const error = await failure(operation(run));
    assert.match(error.message, message);
    assert.deepEqual(changes(error.result).filter(isOfCluster), []);
  }
  assert.deepEqual(await cluster.versions(), before);
}

// The stack itself and the provider are made of configuration alone.
function isOfCluster(change: string): boolean {
  return !/^create (image-registry-\w+|cluster)$/.test(change);
}

/**
 * The check that preview and up begin with ends with this message. That it ends the run, before anything is touched and
 * whatever it finds, is what `assertRefused` shows: the engine has no part in what is found.
 */
export async function assertImpossible(run: StackRun, message: RegExp): Promise<void> {
  await assert.rejects(check(run), { message });
}

/** What a preview warns of, as the check before it finds it. */
export async function foundWarnings(run: StackRun): Promise<string> {
  const { drift, findings } = await check(run);
  return warningTexts(drift, findings).join("\n");
}

async function check(run: StackRun): ReturnType<typeof checkRegistry> {
  const config = configurationOf(run);
  const { kubeconfig, context } = config;
  return checkRegistry(config, { kubeconfig, context }, `organization/image-registry/${run.stack}`);
}

/** The images that a live registry keeps elsewhere are of no interest to these tests. */
export const acceptImageLoss = [
  "emptyDir",
  ...["image-registry-nfs", "image-registry-test-suite", "image-registry-test-suite-own"].map(
    (claim) => `pvc ${claim}`,
  ),
  "s3 images",
  "s3 images http://192.0.2.1",
].join(", ");

/** What only the scheduler knows that no node has: a pod in namespaces of a label, and there are none. */
export const besideNobody = besidePods({ namespaceSelector: { matchLabels: { team: "nobody" } } });

/** The registry has to be on a host with a pod that does not exist. */
export function besidePods(more: object = {}) {
  const term = { labelSelector: { matchLabels: { app: "nobody" } }, topologyKey: "kubernetes.io/hostname" };
  return { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ ...term, ...more }] } };
}
