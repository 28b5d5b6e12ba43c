import assert from "node:assert/strict";
import type { StackRun } from "../../sandbox/engine";
import type { Engine } from "../../sandbox/engine/engines";
import { changes } from "../acceptance/program/runs";
import type { EngineCluster } from "./cluster";
import { assertSettled, assertUnchanged, text } from "./runs";
import { backends, standaloneNamespace, suiteClaim } from "./settings";

const stacks = {
  dev: { asked: {}, made: /ConfigPatch/ },
  prod: { asked: backends.nfs.asked, made: /PersistentVolumeClaim.*storage-claim/s },
  standalone: { asked: { standalone: { namespace: standaloneNamespace } }, made: /Deployment.*registry/s },
};
export type StackName = keyof typeof stacks;

/** A stack from nothing to a registry that serves, let go of, taken up again, and taken down. */
export function lifecycle(stack: StackName, engine: Engine, cluster: EngineCluster): void {
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
    assert.match(text(await engine.preview(run())), stacks[stack].made);
    assert.deepEqual(await cluster.versions(), before);
  });

  it("up ends when the registry serves", async () => {
    const { outputs } = await engine.up(run());
    assert.match(JSON.stringify(outputs["conditions"]), /"Available":"True/);
    assert.equal((await deployment())?.status?.availableReplicas, replicas);
  });

  it("there is nothing to do after it, and nothing else than remembered", async () => {
    const before = await cluster.settledVersions();
    await assertSettled(engine, run());
    assert.deepEqual(await cluster.versions(), before);
  });

  it("destroy leaves a live registry as it is", async () => {
    const before = await identities();
    await engine.destroy(run());
    assert.deepEqual(await identities(), before);
    assert.equal((await deployment())?.status?.availableReplicas, replicas);
  });

  it("a stack made anew takes it up without a new pod", async () => {
    const before = await identities();
    cluster.forgetStacks();
    const anew = changes(await engine.up(run()));
    assert.deepEqual(
      anew.filter((change) => !change.startsWith("create ")),
      [],
    );
    assert.deepEqual(await identities(), before);
    await assertUnchanged(engine, run());
  });

  it("Removed, up and destroy take it away, its claim and its volume", async () => {
    const removed = run({ managementState: "Removed", acceptImageLoss: true });
    await engine.up(removed);
    assert.equal((await deployment())?.status?.availableReplicas, undefined);
    await engine.destroy(removed);
    assert.deepEqual(Object.values(await identities()).filter(Boolean), []);
  });

  function deployment() {
    return objects.get("Deployment", "image-registry");
  }

  async function identities() {
    return {
      deployment: (await deployment())?.metadata.uid,
      revision: (await deployment())?.metadata.annotations?.["deployment.kubernetes.io/revision"],
      claim: (await objects.get("PersistentVolumeClaim", suiteClaim))?.metadata.uid,
      volume: (await objects.get("PersistentVolume", suiteClaim))?.metadata.uid,
    };
  }
}
