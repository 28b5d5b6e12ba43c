import assert from "node:assert/strict";
import { changes, destroy, expectNoChanges, up } from "../../support/engine";
import { testCluster, until } from "./harness";
import { assertImpossible, foundWarnings, nfs, nfsClaim } from "./runs";

/** One stack that goes from one to the next: what another test has mended is where the next one begins. */
describe("volume and claim come back without a manual step", function () {
  this.timeout("3m");
  const cluster = testCluster();
  const live = () => cluster.stack("dev", nfs);
  const removed = () => cluster.stack("dev", { ...nfs, managementState: "Removed" });
  before(() => cluster.fresh());

  it("a stack that was Removed and destroyed is made anew", async () => {
    await up(removed());
    await destroy(removed());
    await up(live());
    await bound();
  });

  it("the volume was deleted from under a registry that serves: the same claim gets it again, and no pod moves", async () => {
    const before = {
      claim: (await cluster.get("PersistentVolumeClaim", nfsClaim))?.metadata.uid,
      pods: await podNames(),
    };
    await cluster.delete("PersistentVolume", nfsClaim);
    const warned = await foundWarnings(live());
    assert.match(warned, /volume "image-registry-nfs" is being deleted, and goes with claim/);

    await cluster.patch("PersistentVolume", nfsClaim, { metadata: { finalizers: null } });
    await until("the claim is Lost", async () => {
      return (await cluster.get("PersistentVolumeClaim", nfsClaim))?.status?.phase === "Lost";
    });
    await comesBack(/claim "image-registry-nfs" is Lost/, [
      "replace storage-claim",
      "replace storage-volume",
    ]);
    const after = {
      claim: (await cluster.get("PersistentVolumeClaim", nfsClaim))?.metadata.uid,
      pods: await podNames(),
    };
    assert.deepEqual(after, before);
  });

  it("the claim is being deleted under a registry that serves: refused with the way out, and the way out works", async () => {
    await cluster.delete("PersistentVolumeClaim", nfsClaim);
    const message =
      /claim "image-registry-nfs" is being deleted, .*Set managementState to Removed and pulumi up/;
    await assertImpossible(live(), message);

    await up(removed());
    await released();
    await comesBack(/volume "image-registry-nfs" is left over .*will free it/, ["replace storage-claim"]);
  });

  it("the claim was deleted while the registry was down, and made anew by hand: it gets the volume", async () => {
    await up(removed());
    const claim = await cluster.get("PersistentVolumeClaim", nfsClaim);
    await cluster.delete("PersistentVolumeClaim", nfsClaim);
    await released();
    const { accessModes, resources, storageClassName } = claim!.spec!;
    await cluster.create("PersistentVolumeClaim", nfsClaim, {
      spec: { accessModes: accessModes!, resources: resources!, storageClassName: storageClassName! },
    });
    await comesBack(/will free it/, ["replace storage-claim"]);
  });

  it("claim and volume were both deleted", async () => {
    await up(removed());
    for (const kind of ["PersistentVolumeClaim", "PersistentVolume"] as const)
      await cluster.delete(kind, nfsClaim);
    await until("both are gone", async () => {
      return (
        !(await cluster.get("PersistentVolume", nfsClaim)) &&
        !(await cluster.get("PersistentVolumeClaim", nfsClaim))
      );
    });
    await comesBack(/^/, ["replace storage-claim", "replace storage-volume"]);
  });

  it("the claim was deleted, and the stack's state lost", async () => {
    await up(removed());
    await cluster.delete("PersistentVolumeClaim", nfsClaim);
    await released();
    cluster.forgetStacks();
    assert.match(await foundWarnings(live()), /will free it/);
    await up(live());
    await bound();
    await expectNoChanges(live());
  });

  /** The check tells it, and one up mends it: what an earlier one had left to do would be among its steps. */
  async function comesBack(warning: RegExp, steps: string[]): Promise<void> {
    assert.match(await foundWarnings(live()), warning);
    const done = changes(await up(live())).filter((change) => change !== "update registry");
    assert.deepEqual(done.sort(), steps);
    await bound();
  }

  async function released(): Promise<void> {
    await until("the volume is Released", async () => {
      return (await cluster.get("PersistentVolume", nfsClaim))?.status?.phase === "Released";
    });
  }

  async function bound(): Promise<void> {
    const claim = await cluster.get("PersistentVolumeClaim", nfsClaim);
    const volume = await cluster.get("PersistentVolume", nfsClaim);
    assert.deepEqual([claim?.status?.phase, volume?.status?.phase], ["Bound", "Bound"]);
    assert.equal(volume?.spec?.claimRef?.uid, claim?.metadata.uid);
  }

  async function podNames(): Promise<string[]> {
    return (await cluster.pods()).map(({ metadata }) => metadata.name).sort();
  }
});
