import assert from "node:assert/strict";
import { destroy, type RunResult, up } from "../../../sandbox/engine";
import { testCluster } from "./harness";
import { changes, nfs, nfsClaim } from "./runs";

describe("the way down, and up again", function () {
  this.timeout("2m");
  const cluster = testCluster();
  beforeEach(() => cluster.fresh());

  const removed = { managementState: "Removed" };

  it("managementState Removed keeps the claim, and Managed brings the registry back on it", async () => {
    await up(cluster.stack("dev", nfs));
    const before = await identities();

    await up(cluster.stack("dev", { ...nfs, ...removed }));
    assert.equal(await cluster.get("Deployment", "image-registry"), undefined);
    assert.deepEqual(await identities(), before);
    assert.equal((await cluster.get("PersistentVolumeClaim", nfsClaim))?.status?.phase, "Bound");

    await up(cluster.stack("dev", nfs));
    assert.deepEqual(await identities(), before);
    await assertServesFromClaim(1);
  });

  it("destroying the stack of a live registry leaves registry, claim and volume, and a new stack takes them up", async () => {
    await up(cluster.stack("prod"));
    const [before, settled] = [await identities(), await cluster.settledVersions()];

    const result = await destroy(cluster.stack("prod"));
    assert.deepEqual(clusterChanges(result), [
      "delete stack-name",
      "retain pruner-patch",
      "retain registry",
      "retain storage-claim",
      "retain storage-volume",
    ]);
    const { "ConfigMap image-registry-stack": name, ...others } = settled;
    assert.ok(name, "the stack had its name on the cluster");
    assert.deepEqual(await cluster.versions(), others);

    cluster.forgetStacks();
    const adopted = await up(cluster.stack("prod"));
    assert.deepEqual(
      clusterChanges(adopted).filter((change) => !change.startsWith("create ")),
      [],
    );
    assert.deepEqual(await identities(), before);
    await assertServesFromClaim(2);
  });

  for (const stack of ["dev", "prod"] as const) {
    it(`destroying the ${stack} stack of a Removed registry takes its claim and volume away`, async () => {
      await up(cluster.stack(stack, nfs));
      await up(cluster.stack(stack, { ...nfs, ...removed }));
      await destroy(cluster.stack(stack));
      assert.deepEqual(await identities(), [undefined, undefined]);
      assert.equal((await cluster.config()).spec.managementState, "Removed");
    });
  }

  async function identities(): Promise<(string | undefined)[]> {
    const volume = await cluster.get("PersistentVolume", nfsClaim);
    const claim = await cluster.get("PersistentVolumeClaim", nfsClaim);
    return [volume?.metadata.uid, claim?.metadata.uid];
  }

  async function assertServesFromClaim(replicas: number): Promise<void> {
    const deployment = await cluster.get("Deployment", "image-registry");
    const [volume] = deployment?.spec?.template.spec?.volumes ?? [];
    assert.equal(volume?.persistentVolumeClaim?.claimName, nfsClaim);
    assert.equal(deployment?.status?.availableReplicas, replicas);
  }
});

/** The steps on the cluster's objects, without those on components, provider and generated secrets. */
function clusterChanges(result: RunResult): string[] {
  const onCluster = result.steps.filter(({ type }) => type.startsWith("kubernetes:"));
  return changes({ ...result, steps: onCluster }).sort();
}
