import assert from "node:assert/strict";
import { changes, destroy, preview, up, warnings } from "../../support/engine";
import { testCluster, until } from "./harness";
import { assertRefused, nfs, nfsClaim } from "./runs";

const removed = { ...nfs, managementState: "Removed" };

describe("volume and claim come back without a manual step", function () {
  this.timeout("3m");
  const cluster = testCluster();
  beforeEach(() => cluster.fresh());

  it("the claim was deleted while the registry was down: its volume is freed, told in the preview", async () => {
    await up(cluster.stack("dev", removed));
    await cluster.delete("PersistentVolumeClaim", nfsClaim);
    await released();
    await comesBack(/volume "image-registry-nfs" is left over .*will free it/, ["replace storage-claim"]);
  });

  it("the same in a stack made anew", async () => {
    await up(cluster.stack("dev", removed));
    await cluster.delete("PersistentVolumeClaim", nfsClaim);
    await released();
    cluster.forgetStacks();
    const previewed = await preview(cluster.stack("dev", nfs));
    assert.match(warnings(previewed), /will free it/);
    await up(cluster.stack("dev", nfs));
    await bound();
  });

  it("the claim was deleted, and made anew by hand: it gets the volume", async () => {
    await up(cluster.stack("dev", removed));
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
    await up(cluster.stack("dev", removed));
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

  it("the volume was deleted from under a registry that serves: the same claim gets it again, and no pod moves", async () => {
    await up(cluster.stack("dev", nfs));
    const before = {
      claim: (await cluster.get("PersistentVolumeClaim", nfsClaim))?.metadata.uid,
      pods: await podNames(),
    };
    await cluster.delete("PersistentVolume", nfsClaim);
    const warned = warnings(await preview(cluster.stack("dev", nfs)));
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
    await up(cluster.stack("dev", nfs));
    await cluster.delete("PersistentVolumeClaim", nfsClaim);
    const message =
      /claim "image-registry-nfs" is being deleted, .*Set managementState to Removed and pulumi up/;
    await assertRefused(cluster, cluster.stack("dev", nfs), message);

    await up(cluster.stack("dev", removed));
    await released();
    await comesBack(/will free it/, ["replace storage-claim", "update registry"]);
  });

  it("a stack that was Removed and destroyed is made anew", async () => {
    await up(cluster.stack("dev", nfs));
    await up(cluster.stack("dev", removed));
    await destroy(cluster.stack("dev", removed));
    await up(cluster.stack("dev", nfs));
    await bound();
  });

  it("the stack of a live registry was destroyed and is made anew: nothing changes but the stack's name", async () => {
    const others = (versions: Record<string, string>) =>
      Object.fromEntries(
        Object.entries(versions).filter(([name]) => name !== "ConfigMap image-registry-stack"),
      );
    await up(cluster.stack("dev", nfs));
    const before = await cluster.settledVersions();
    await destroy(cluster.stack("dev", nfs));
    assert.deepEqual(await cluster.versions(), others(before));
    await up(cluster.stack("dev", nfs));
    assert.deepEqual(others(await cluster.settledVersions()), others(before));
    assert.deepEqual(changes(await preview(cluster.stack("dev", nfs))), []);
  });

  /** The preview tells it, one up mends it, and then there is nothing left to do. */
  async function comesBack(warning: RegExp, steps: string[]): Promise<void> {
    const run = cluster.stack("dev", nfs);
    const previewed = await preview(run);
    assert.match(warnings(previewed), warning);
    const onStorage = changes(previewed).filter((change) => !change.startsWith("update registry"));
    assert.deepEqual(
      onStorage.sort(),
      steps.filter((step) => !step.startsWith("update registry")),
    );
    await up(run);
    await bound();
    assert.deepEqual(changes(await preview(run)), []);
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
