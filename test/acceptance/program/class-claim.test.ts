import assert from "node:assert/strict";
import type { V1StorageClass } from "@kubernetes/client-node";
import { changes, destroy, expectNoChanges, up } from "../../support/engine";
import { testCluster, until } from "./harness";
import { assertImpossible, foundWarnings } from "./runs";

const isDefault = { annotations: { "storageclass.kubernetes.io/is-default-class": "true" } };
const single = { accessModes: ["ReadWriteOnce"], size: "5Gi" };

describe("a claim that the stack makes of a storage class", function () {
  this.timeout("3m");
  const cluster = testCluster();
  const stack = (pvc: object, overlay: object = {}) =>
    cluster.stack("dev", { backend: "pvc", pvc, ...overlay });

  before(async () => {
    await cluster.fresh();
    await storageClass("shared", { volumeBindingMode: "Immediate", reclaimPolicy: "Delete" });
    await cluster.patch("StorageClass", "shared", { metadata: isDefault });
    await storageClass("disks", { volumeBindingMode: "WaitForFirstConsumer", reclaimPolicy: "Retain" });
    await storageClass("rbd", {
      provisioner: "openshift-storage.rbd.csi.ceph.com",
      volumeBindingMode: "Immediate",
    });
  });

  it("is refused when its class is not there, or cannot give what is asked", async () => {
    const missing = stack({ storageClassName: "cephfs", size: "5Gi" });
    await assertImpossible(missing, /no storage class "cephfs" \(there are: "disks", "rbd", "shared"\)/);
    const block = stack({ storageClassName: "rbd", size: "5Gi" });
    await assertImpossible(block, /pvc\.accessModes: ReadWriteMany, but class "rbd" .* provides disks/);
  });

  it('is written as `claim: ""`, of the default class: bound before the registry is told to use it', async () => {
    await volume("shared-0", "shared", "100Gi", "ReadWriteMany");
    const run = stack({ claim: "" });
    assert.match(
      await foundWarnings(run),
      /class "shared" deletes a volume with its claim \(reclaimPolicy Delete\)/,
    );
    await up(run);
    const claim = (await cluster.get("PersistentVolumeClaim", "image-registry-storage"))!;
    assert.deepEqual([claim.status?.phase, claim.spec?.accessModes], ["Bound", ["ReadWriteMany"]]);
    assert.deepEqual((await cluster.config()).spec.storage, {
      managementState: "Unmanaged",
      pvc: { claim: "image-registry-storage" },
    });
    await expectNoChanges(run);
  });

  it("stays when the registry is taken down, destroy included, and is taken up again as it is", async () => {
    const removed = stack({ claim: "" }, { managementState: "Removed" });
    await up(removed);
    await destroy(removed);
    assert.equal(
      (await cluster.get("PersistentVolumeClaim", "image-registry-storage"))?.status?.phase,
      "Bound",
    );
    await up(stack({ claim: "" }));
  });

  it("that binds at first use is not waited for, neither unbound nor bound", async () => {
    await cluster.fresh();
    await volume("disk-0", "disks", "5Gi", "ReadWriteOnce");
    const run = stack(
      { claim: "images", storageClassName: "disks", ...single },
      { rolloutStrategy: "Recreate" },
    );
    await up(run);
    assert.equal((await cluster.get("PersistentVolumeClaim", "images"))?.status?.phase, "Bound");
    cluster.forgetStacks();
    assert.ok(changes(await up(run)).includes("create storage-claim"));
  });

  it("does not change what a claim cannot change", async () => {
    const recreate = { rolloutStrategy: "Recreate" };
    const larger = stack({ claim: "images", ...single, size: "6Gi" }, recreate);
    await assertImpossible(
      larger,
      /pvc\.size: claim "images" has 5Gi, asked is 6Gi, .* does not let claims grow/,
    );
    const other = stack({ claim: "images", ...single, storageClassName: "shared" }, recreate);
    await assertImpossible(other, /has class "disks", asked is "shared"/);
  });

  async function storageClass(name: string, given: Partial<V1StorageClass>): Promise<void> {
    await cluster.create("StorageClass", name, { provisioner: "kubernetes.io/no-provisioner", ...given });
  }

  async function volume(
    name: string,
    storageClassName: string,
    storage: string,
    mode: string,
  ): Promise<void> {
    await cluster.create("PersistentVolume", name, {
      spec: {
        capacity: { storage },
        accessModes: [mode],
        persistentVolumeReclaimPolicy: "Retain",
        storageClassName,
        nfs: { server: "nfs.example.com", path: `/${name}` },
      },
    });
    await until("the volume is Available", async () => {
      return (await cluster.get("PersistentVolume", name))?.status?.phase === "Available";
    });
  }
});
