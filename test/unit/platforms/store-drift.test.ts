import assert from "node:assert/strict";
import type { V1PersistentVolume, V1Secret } from "@kubernetes/client-node";
import type { NfsVolume } from "../../../backends/backend";
import { storageManager } from "../../../kubernetes/field-managers";
import { preflight } from "../../../platforms/operator/preflight";
import { storeDrift } from "../../../platforms/store-drift";
import { driftText } from "../../../platforms/text";
import { claim, live, onClaim, plan, told, volume } from "../support/fixtures";

const pair: NfsVolume = {
  claimName: "registry",
  volumeName: "registry",
  size: "100Gi",
  accessModes: ["ReadWriteMany"],
  mountOptions: ["hard"],
  nfs: { server: "nfs.example.com", path: "/srv/registry" },
};
const keys = { accessKey: "access", secretKey: "a-secret-key" };
const onNfs = plan({ backend: { name: "nfs", storage: onClaim("registry"), needs: { volume: pair } } });
const onS3 = plan({
  backend: { name: "s3", storage: { s3: { bucket: "images" } }, needs: { s3Keys: keys } },
});

const byHand: V1PersistentVolume["spec"] = {
  capacity: { storage: "102400Mi" },
  accessModes: ["ReadWriteMany", "ReadWriteOnce"],
  persistentVolumeReclaimPolicy: "Recycle",
  storageClassName: "",
};
const madeBy = (manager: string, operation: string, object: V1PersistentVolume, fields: object) => ({
  ...object,
  metadata: { ...object.metadata, managedFields: [{ manager, operation, fieldsV1: { "f:spec": fields } }] },
});

describe("an object that somebody made under the name of one of the stack's", () => {
  const texts = (found: Parameters<typeof live>[0], asked = onNfs) =>
    storeDrift(live(found), asked).map(driftText);

  it("is told with every field that changes, old and new, and who had set it", () => {
    const policy = { "f:persistentVolumeReclaimPolicy": {} };
    const theirs = madeBy("kubectl-create", "Update", volume(byHand), policy);
    assert.deepEqual(texts({ volume: theirs, claims: [claim("registry", { volumeName: "registry" })] }), [
      'will change spec.accessModes of the PersistentVolume "registry" from ["ReadWriteMany","ReadWriteOnce"] to ["ReadWriteMany"]',
      'will change spec.persistentVolumeReclaimPolicy of the PersistentVolume "registry" from "Recycle" (set by kubectl-create) to "Retain"',
    ]);
  });

  it("is told without the values of a Secret", () => {
    const data = { REGISTRY_STORAGE_S3_ACCESSKEY: "YWNjZXNz", REGISTRY_STORAGE_S3_SECRETKEY: "b3RoZXI=" };
    const name = "image-registry-private-configuration-user";
    assert.deepEqual(texts({ s3Keys: { metadata: { name }, data } }, onS3), [
      `will change data.REGISTRY_STORAGE_S3_SECRETKEY of the Secret "${name}"; no value of it is shown`,
    ]);
  });

  it("is refused where it cannot change", () => {
    const errors = (s3Keys: V1Secret) => told(preflight(live({ s3Keys, holdsImages: false }), onS3)).errors;
    const same = {
      REGISTRY_STORAGE_S3_ACCESSKEY: "YWNjZXNz",
      REGISTRY_STORAGE_S3_SECRETKEY: "YS1zZWNyZXQta2V5",
    };
    assert.deepEqual(errors({ immutable: true, data: same }), []);
    assert.match(
      errors({ immutable: true, data: {} }).join(),
      /is immutable; make room first: oc -n .* delete secret/,
    );
  });
});

describe("the reclaim policy of a volume", () => {
  const spec = { persistentVolumeReclaimPolicy: "Delete" };

  it("that is the stack's own is put back, and told", () => {
    const all = { "f:accessModes": {}, "f:capacity": { "f:storage": {} }, "f:storageClassName": {} };
    const wanted = { ...byHand, accessModes: ["ReadWriteMany"], mountOptions: ["hard"] };
    const reference = { apiVersion: "v1", kind: "PersistentVolumeClaim", name: "registry" };
    const claimRef = { ...reference, namespace: "openshift-image-registry" };
    const ours = { ...all, "f:mountOptions": {}, "f:nfs": { "f:path": {}, "f:server": {} } };
    const found = madeBy(storageManager, "Apply", volume({ ...wanted, ...spec, claimRef }), ours);
    assert.deepEqual(storeDrift(live({ volume: found }), onNfs).map(driftText), [
      'will put back spec.persistentVolumeReclaimPolicy of the PersistentVolume "registry": it is "Delete" by hand, asked is "Retain"',
    ]);
  });

  it("that is somebody's is warned of, with the way to keep the images", () => {
    const theirs = plan({ storage: onClaim("registry") });
    const found = { volume: volume(spec), claims: [claim("registry", { volumeName: "registry" })] };
    const { warnings } = told(preflight(live({ ...found, holdsImages: false }), theirs));
    assert.match(warnings.join(), /volume "registry" has reclaim policy Delete: .*oc patch pv registry/);
  });
});
