import assert from "node:assert/strict";
import type * as pulumi from "@pulumi/pulumi";
import { RegistryStorage, type RegistryStorageArgs } from "../../../components/registry-storage";
import { clusterProvider } from "../support/cluster";
import { patience, type Registered, run } from "../support/monitor";

const args: RegistryStorageArgs = {
  namespace: "openshift-image-registry",
  claimName: "images",
  size: "100Gi",
  nfs: { server: "nfs.example.com", path: "/srv/registry" },
};

async function storage(
  changes: Partial<RegistryStorageArgs> = {},
  options: pulumi.ComponentResourceOptions = {},
) {
  const { result, resources } = await run(() => {
    const provider = clusterProvider();
    const { claimName, volumeName, phase } = new RegistryStorage(
      "storage",
      { ...args, ...changes },
      { provider, ...options },
    );
    return { claimName, volumeName, phase };
  });
  const find = (type: string) =>
    resources.find((one) => one.type === `kubernetes:core/v1:${type}`) as Registered;
  return { result, volume: find("PersistentVolume"), claim: find("PersistentVolumeClaim") };
}

describe("RegistryStorage", function () {
  this.timeout(patience);

  it("makes a volume that keeps its files, reserved for the claim, with nothing but server and path", async () => {
    const { volume } = await storage();
    assert.deepEqual(volume.inputs["spec"], {
      capacity: { storage: "100Gi" },
      accessModes: ["ReadWriteMany"],
      persistentVolumeReclaimPolicy: "Retain",
      storageClassName: "",
      claimRef: {
        apiVersion: "v1",
        kind: "PersistentVolumeClaim",
        namespace: "openshift-image-registry",
        name: "images",
      },
      mountOptions: ["nfsvers=4.2", "hard"],
      nfs: { server: "nfs.example.com", path: "/srv/registry" },
    });
  });

  it("makes a claim that names the volume, without a storage class that would provision another", async () => {
    const { claim } = await storage();
    assert.deepEqual(claim.inputs["spec"], {
      accessModes: ["ReadWriteMany"],
      resources: { requests: { storage: "100Gi" } },
      storageClassName: "",
      volumeName: "images",
    });
    const { name, namespace } = claim.inputs["metadata"] as Record<string, string>;
    assert.deepEqual([name, namespace], ["images", "openshift-image-registry"]);
  });

  it("takes a volume name, modes and mount options of its own, the same for both sides", async () => {
    const { volume, claim } = await storage({
      volumeName: "registry-v2",
      accessModes: ["ReadWriteOnce"],
      mountOptions: ["nfsvers=3"],
    });
    assert.equal((volume.inputs["metadata"] as { name: string }).name, "registry-v2");
    const [volumeSpec, claimSpec] = [volume, claim].map(
      ({ inputs }) => inputs["spec"] as Record<string, unknown>,
    );
    assert.equal(claimSpec?.["volumeName"], "registry-v2");
    assert.deepEqual(
      [volumeSpec?.["accessModes"], claimSpec?.["accessModes"]],
      [["ReadWriteOnce"], ["ReadWriteOnce"]],
    );
    assert.deepEqual(volumeSpec?.["mountOptions"], ["nfsvers=3"]);
  });

  it("goes to the cluster it is given, as its own children", async () => {
    const { volume, claim } = await storage();
    for (const { provider, parent } of [volume, claim]) {
      assert.match(provider, /::cluster::cluster-id$/);
      assert.equal(parent, "storage");
    }
  });

  it("makes the claim after the volume and does not wait for ever for it to bind", async () => {
    const { claim } = await storage();
    assert.deepEqual(claim.dependsOn, ["storage-volume"]);
    assert.equal(claim.createTimeout, "2m");
  });

  it("leaves both on the cluster at destroy: nobody then looks whether the registry is really down", async () => {
    const { volume, claim } = await storage({}, { retainOnDelete: false });
    assert.deepEqual([volume.retainOnDelete, claim.retainOnDelete], [true, true]);
  });

  it("applies as a field manager whose name never changes, so that a new stack takes up what an old one left", async () => {
    const { volume, claim } = await storage();
    for (const { inputs } of [volume, claim]) {
      const { annotations } = inputs["metadata"] as { annotations: Record<string, string> };
      assert.equal(annotations["pulumi.com/patchFieldManager"], "image-registry-storage");
    }
  });

  it("tells the claim, the volume and that it is Bound", async () => {
    const { result } = await storage({ volumeName: "registry-v2" });
    assert.deepEqual(result, { claimName: "images", volumeName: "registry-v2", phase: "Bound" });
  });
});
