import assert from "node:assert/strict";
import { owningStackName } from "../../../platforms/owning-stack";
import {
  changes,
  destroy,
  expectNoChanges,
  preview,
  refresh,
  type RunResult,
  type StackRun,
  up,
} from "../../support/engine";
import type { StacksCluster } from "./cluster";
import { backends, standaloneNamespace, suiteClaim } from "./settings";

const stacks = {
  dev: { asked: {}, kind: "ConfigPatch", made: ["registry"] },
  prod: {
    asked: backends.nfs.asked,
    kind: "PersistentVolumeClaim",
    made: ["pruner-patch", "registry", "storage-claim", "storage-volume"],
  },
  standalone: {
    asked: { standalone: { namespace: standaloneNamespace } },
    kind: "Deployment",
    made: [
      "namespace",
      "registry",
      "registry-budget",
      "registry-http-secret",
      "registry-network-policy",
      "registry-service",
    ],
  },
};
const removed = { managementState: "Removed", acceptImageLoss: "emptyDir" };
export type StackName = keyof typeof stacks;

/** A stack from nothing to a registry that serves, let go of, taken up again, and taken down. */
export function lifecycle(stack: StackName, cluster: StacksCluster): void {
  const { made } = stacks[stack];
  const created = [...made, "stack-name"].map((name) => `create ${name}`).sort();
  const retained = made.map((name) => `retain ${name}`);
  const objects = stack === "standalone" ? cluster.standalone : cluster;
  let run: (overlay?: Record<string, unknown>) => StackRun;
  let replicas = 1;

  before(async () => {
    await cluster.fresh();
    const placed = stack === "prod" ? await cluster.placement() : undefined;
    replicas = placed?.replicas ?? 1;
    run = (overlay) => cluster.stack(stack, { ...stacks[stack].asked, ...placed, ...overlay });
  });

  it("the preview shows what will be made, and makes nothing", async () => {
    const before = await cluster.settledVersions();
    const previewed = await preview(run());
    assert.deepEqual(onCluster(previewed), created);
    assert.match(previewed.printed, new RegExp(stacks[stack].kind));
    assert.deepEqual(await cluster.versions(), before);
  });

  it("up ends when the registry serves", async () => {
    const result = await up(run());
    assert.deepEqual(onCluster(result), created);
    assert.match(JSON.stringify(result.outputs["conditions"]), /"Available":"True/);
    assert.equal((await deployment())?.status?.availableReplicas, replicas);
  });

  it("there is nothing to do after it, and nothing else than remembered", async () => {
    const before = [await cluster.settledVersions(), await identities()];
    assert.deepEqual(changes(await up(run())), []);
    assert.deepEqual(changes(await refresh(run())), []);
    await expectNoChanges(run());
    assert.deepEqual([await cluster.versions(), await identities()], before);
  });

  it("destroy leaves a live registry as it is", async () => {
    const before = await standing();
    assert.deepEqual(onCluster(await destroy(run())), ["delete stack-name", ...retained]);
    assert.deepEqual(await standing(), before);
    assert.equal((await deployment())?.status?.availableReplicas, replicas);
  });

  it("a stack made anew takes it up without a new pod, and writes nothing but its name", async () => {
    const before = await standing();
    cluster.forgetStacks();
    const anew = changes(await up(run()));
    assert.deepEqual(
      anew.filter((change) => !change.startsWith("create ")),
      [],
    );
    assert.deepEqual(await standing(), before);
    await expectNoChanges(run());
  });

  if (stack === "prod") {
    it("Removed takes its pods away, and Managed brings them back on the same claim", async () => {
      const { claim, volume } = await identities();
      await up(run(removed));
      assert.equal((await deployment())?.status?.availableReplicas, undefined);
      await up(run());
      assert.equal((await deployment())?.status?.availableReplicas, replicas);
      const now = await identities();
      assert.deepEqual([now.claim, now.volume], [claim, volume]);
    });
  }

  it("Removed, up and destroy take it away, and leave its claim and its volume", async () => {
    const { claim, volume } = await identities();
    await up(run(removed));
    assert.equal((await deployment())?.status?.availableReplicas, undefined);
    await destroy(run(removed));
    const left = Object.values(await identities())
      .flat()
      .filter(Boolean);
    assert.deepEqual(left, [claim, volume].filter(Boolean));
  });

  function deployment() {
    return objects.get("Deployment", "image-registry");
  }

  /** What changes with any write to it, but for the stack's name. */
  async function standing() {
    const versions = { ...(await cluster.settledVersions()), [`ConfigMap ${owningStackName}`]: undefined };
    const volumeVersion = (await objects.get("PersistentVolume", suiteClaim))?.metadata.resourceVersion;
    return { ...versions, volumeVersion, ...(await identities()) };
  }

  async function identities() {
    const pods = stack === "standalone" ? await objects.list("Pod") : await cluster.pods();
    return {
      deployment: (await deployment())?.metadata.uid,
      revision: (await deployment())?.metadata.annotations?.["deployment.kubernetes.io/revision"],
      pods: pods.filter(({ metadata }) => !metadata.deletionTimestamp).map(({ metadata }) => metadata.uid),
      claim: (await objects.get("PersistentVolumeClaim", suiteClaim))?.metadata.uid,
      volume: (await objects.get("PersistentVolume", suiteClaim))?.metadata.uid,
    };
  }
}

/** The steps on the cluster's objects, without those on components, provider and generated secrets. */
function onCluster({ steps }: RunResult): string[] {
  return changes({ steps: steps.filter(({ type }) => type.startsWith("kubernetes:")) }).sort();
}
