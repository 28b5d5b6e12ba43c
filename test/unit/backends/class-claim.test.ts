import assert from "node:assert/strict";
import type { V1PersistentVolumeClaim, V1StorageClass } from "@kubernetes/client-node";
import type { FoundStorage } from "../../../backends/backend";
import { claim } from "../../../backends/claim";
import { sizeOf, volumeToCome } from "../../../backends/class-claim";
import type { Configuration } from "../../../config/schema";
import { whyNotVolume } from "../../../kubernetes/scheduling/node";
import { findingText } from "../../../platforms/text";
import { obstacleText } from "../../../platforms/text/obstacles";
import { claim as liveClaim, node } from "../support/fixtures";

type Section = NonNullable<Configuration["pvc"]>;

const asked = {
  namespace: "openshift-image-registry",
  managementState: "Managed",
  replicas: 1,
  rolloutStrategy: "RollingUpdate",
  placement: { nodeSelector: {}, tolerations: [] },
} as const;
const cephfs = storageClass("cephfs", { reclaimPolicy: "Retain" });

function storageClass(name: string, rest: Partial<V1StorageClass> = {}): V1StorageClass {
  return { provisioner: "openshift-storage.cephfs.csi.ceph.com", metadata: { name }, ...rest };
}

function defaultClass(name: string, creationTimestamp: string): V1StorageClass {
  const annotations = { "storageclass.kubernetes.io/is-default-class": "true" };
  const metadata = { name, annotations, creationTimestamp: new Date(creationTimestamp) };
  return { ...storageClass(name, { reclaimPolicy: "Delete" }), metadata };
}

const found = (classes: V1StorageClass[], ...claims: V1PersistentVolumeClaim[]): FoundStorage => ({
  classes,
  claims,
  volume: undefined,
  nodes: [],
});
const problems = (pvc: Section, on: FoundStorage) => claim({ pvc }).problems!(on, asked).map(findingText);
const warnings = (pvc: Section, on: FoundStorage) => claim({ pvc }).warnings!(on, asked).map(findingText);

/** The one problem there must be. */
function problem(pvc: Section, on: FoundStorage): string {
  const all = problems(pvc, on);
  assert.equal(all.length, 1, all.join("\n"));
  return all[0]!;
}

describe("pvc", () => {
  it("with a name alone is somebody else's claim", () => {
    const { needs, storage } = claim({ pvc: { claim: "images" } });
    assert.deepEqual([needs, storage], [undefined, { pvc: { claim: "images" } }]);
  });

  it("with a blank name, a class, a size or access modes is a claim that the stack makes", () => {
    const made = (pvc: Section) => claim({ pvc }).needs?.claim;
    const accessModes = ["ReadWriteMany" as const];
    assert.deepEqual(made({ claim: "" }), { claimName: "image-registry-storage", accessModes });
    assert.deepEqual(made({ claim: "images", size: "5Gi" }), {
      claimName: "images",
      size: "5Gi",
      accessModes,
    });
    assert.equal(made({ storageClassName: "cephfs" })?.storageClassName, "cephfs");
    assert.deepEqual(made({ accessModes: ["ReadWriteOnce"] })?.accessModes, ["ReadWriteOnce"]);
  });
});

describe("a claim of a storage class", () => {
  it("needs a class that is there, or a default one; of two defaults the newest counts, as in Kubernetes", () => {
    assert.deepEqual(problems({ storageClassName: "cephfs" }, found([cephfs])), []);
    assert.match(
      problem({ storageClassName: "nfs" }, found([cephfs])),
      /no storage class "nfs" \(there are: "cephfs"\)/,
    );
    assert.match(
      problem({ claim: "" }, found([cephfs])),
      /^pvc\.storageClassName: is not set, and .* no default/,
    );
    const [older, newer] = [defaultClass("older", "2026-01-01"), defaultClass("newer", "2026-02-01")];
    assert.match(warnings({ claim: "" }, found([newer, older])).join(), /class "newer" deletes a volume/);
  });

  it("is not asked of a registry that is taken down", () => {
    const backend = claim({ pvc: { claim: "" } });
    assert.deepEqual(backend.problems!(found([]), { ...asked, managementState: "Removed" }), []);
  });

  it("with ReadWriteMany is refused of a class that provides disks, and with ReadWriteOnce taken", () => {
    for (const provisioner of ["ebs.csi.aws.com", "openshift-storage.rbd.csi.ceph.com", "rbd.csi.ceph.com"]) {
      const on = found([storageClass("disks", { provisioner })]);
      assert.match(
        problem({ storageClassName: "disks" }, on),
        /^pvc\.accessModes: ReadWriteMany, but class "disks"/,
      );
      assert.deepEqual(problems({ storageClassName: "disks", accessModes: ["ReadWriteOnce"] }, on), []);
    }
  });

  it("is warned of where its class deletes, also by leaving the policy out; not where it retains or the claim is bound", () => {
    const section = { storageClassName: "cephfs" };
    for (const reclaimPolicy of ["Delete", undefined]) {
      const text = warnings(section, found([storageClass("cephfs", { reclaimPolicy })])).join();
      assert.match(text, /^pvc\.storageClassName: class "cephfs" deletes .*\(reclaimPolicy Delete\)/);
    }
    assert.deepEqual(warnings(section, found([cephfs])), []);
    const bound = liveClaim("image-registry-storage", { storageClassName: "cephfs", volumeName: "pvc-1" });
    assert.deepEqual(warnings(section, found([storageClass("cephfs")], bound)), []);
  });

  it("that is there keeps its class, its access modes and at least its size", () => {
    const there = liveClaim("images", { storageClassName: "cephfs" });
    const on = found([cephfs], there);
    assert.deepEqual(problems({ claim: "images", storageClassName: "cephfs", size: "100Gi" }, on), []);
    assert.match(
      problem({ claim: "images", storageClassName: "nfs" }, on),
      /has class "cephfs", asked is "nfs"/,
    );
    assert.match(
      problem({ claim: "images", accessModes: ["ReadWriteOnce"] }, on),
      /has ReadWriteMany, asked is ReadWriteOnce/,
    );
    assert.match(problem({ claim: "images", size: "50Gi" }, on), /cannot shrink: keep 100Gi/);
    assert.match(problem({ claim: "images", size: "200Gi" }, on), /does not let claims grow/);
    const growing = found([{ ...cephfs, allowVolumeExpansion: true }], there);
    assert.deepEqual(problems({ claim: "images", size: "200Gi" }, growing), []);
  });

  it("that is going or Lost is refused", () => {
    const going = liveClaim("images", { storageClassName: "cephfs" });
    going.metadata!.deletionTimestamp = new Date();
    assert.match(problem({ claim: "images", size: "5Gi" }, found([cephfs], going)), /is being deleted/);
    const lost = liveClaim("images", { storageClassName: "cephfs" }, "Lost");
    assert.match(problem({ claim: "images", size: "5Gi" }, found([cephfs], lost)), /is Lost/);
  });

  it("takes the size of the claim that is there when none is asked, and the operator's own for a new one", () => {
    const wanted = { claimName: "images", accessModes: [] };
    assert.equal(sizeOf(wanted, undefined), "100Gi");
    assert.equal(sizeOf(wanted, liveClaim("images", { resources: { requests: { storage: "1Ti" } } })), "1Ti");
    assert.equal(sizeOf({ ...wanted, size: "5Gi" }, undefined), "5Gi");
  });

  it("whose class makes volumes for some nodes only keeps its pods off the others, until it is bound", () => {
    const inZone = { matchLabelExpressions: [{ key: "topology.kubernetes.io/zone", values: ["a", "b"] }] };
    const zonal = storageClass("zonal", { allowedTopologies: [inZone] });
    const wanted = { claimName: "images", storageClassName: "zonal" };
    const volume = volumeToCome(found([zonal]), wanted);
    const obstacle = whyNotVolume(node("worker-0"), volume!);
    assert.equal(
      obstacleText(obstacle!),
      'does not reach volume "images", which is where topology.kubernetes.io/zone in (a, b)',
    );
    assert.equal(whyNotVolume(node("worker-1", { "topology.kubernetes.io/zone": "b" }), volume!), undefined);
    const bound = liveClaim("images", { storageClassName: "zonal", volumeName: "pvc-1" });
    assert.equal(volumeToCome(found([zonal], bound), wanted), undefined);
    assert.equal(volumeToCome(found([cephfs]), { ...wanted, storageClassName: "cephfs" }), undefined);
  });
});
