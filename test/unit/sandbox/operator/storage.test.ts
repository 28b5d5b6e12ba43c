import assert from "node:assert/strict";

import type { Config, Surroundings } from "../../../../sandbox/operator/model";
import { storageKeyOf, settleStorage } from "../../../../sandbox/operator/storage";

type Storage = Config["spec"]["storage"];

const nothing: Surroundings = { zones: false };
const claim = (...accessModes: string[]): Surroundings => ({
  zones: false,
  claim: { spec: { accessModes } },
});

function config(storage: Storage, more: Partial<Config["spec"]> = {}): Config {
  return { spec: { replicas: 1, storage, ...more }, status: { storage: {}, storageManaged: false } };
}

function storageExists({ status }: Config): string {
  const condition = status.conditions?.find(({ type }) => type === "StorageExists");
  return `${condition?.status} ${condition?.reason}`;
}

describe("the operator stand-in's storage", () => {
  it("refuses two backends, and names them in the real operator's words", () => {
    const both = config({ pvc: { claim: "a" }, emptyDir: {} });
    assert.throws(() => settleStorage(both, claim("ReadWriteMany")), {
      message:
        "unable to sync storage configuration: " +
        "exactly one storage type should be configured at the same time, got 2: [EmptyDir PVC]",
    });
    assert.deepEqual(both.status.storage, {});
  });

  it("refuses to run without a backend, for good", () => {
    assert.throws(() => settleStorage(config({}), nothing), {
      reason: "StorageNotConfigured",
      message: "storage backend not configured",
    });
  });

  it("takes emptyDir and calls it Managed", () => {
    const emptyDir = config({ emptyDir: {} });
    assert.equal(settleStorage(emptyDir, nothing), undefined);
    assert.deepEqual(emptyDir.status.storage, { emptyDir: {}, managementState: "Managed" });
    assert.equal(emptyDir.spec.storage.managementState, "Managed");
    assert.equal(storageExists(emptyDir), "True Creation Successful");
  });

  it("calls a claim that the user names Unmanaged", () => {
    const named = config({ pvc: { claim: "a" } });
    settleStorage(named, claim("ReadWriteMany"));
    assert.deepEqual(named.status.storage, { pvc: { claim: "a" }, managementState: "Unmanaged" });
    assert.equal(named.status.storageManaged, false);
    assert.equal(storageExists(named), "True PVC Exists");
  });

  it("keeps Managed over a switch from emptyDir to a user's claim: the claim is then the operator's to delete", () => {
    const switched = config({ pvc: { claim: "a" }, managementState: "Managed" });
    settleStorage(switched, claim("ReadWriteMany"));
    assert.equal(switched.status.storageManaged, true);
  });

  it("makes a claim of its own when the spec names none", () => {
    const blank = config({ pvc: {} });
    const created = settleStorage(blank, nothing);
    assert.equal(created?.metadata?.name, "image-registry-storage");
    assert.deepEqual(created?.spec, {
      accessModes: ["ReadWriteMany"],
      resources: { requests: { storage: "100Gi" } },
    });
    assert.deepEqual(blank.spec.storage, {
      pvc: { claim: "image-registry-storage" },
      managementState: "Managed",
    });
  });

  it("does not take over a claim of that name that it did not make", () => {
    assert.throws(
      () => settleStorage(config({ pvc: {} }), claim("ReadWriteMany")),
      /not owned by the operator/,
    );
  });

  it("refuses a claim that is not there", () => {
    const missing = config({ pvc: { claim: "a" } });
    assert.throws(() => settleStorage(missing, nothing), /: persistentvolumeclaims "a" not found$/);
    assert.equal(storageExists(missing), "False PVC Issues Found");
    assert.deepEqual(missing.status.storage, {});
  });

  for (const [title, more, message] of [
    [
      "replicas 2",
      { replicas: 2, rolloutStrategy: "Recreate" },
      /ReadWriteOnce access mode with more than one replica/,
    ],
    [
      "RollingUpdate",
      { rolloutStrategy: "RollingUpdate" },
      /ReadWriteOnce access mode with RollingUpdate rollout/,
    ],
    ["a blank strategy", {}, /ReadWriteOnce access mode with {2}rollout strategy/],
  ] as const) {
    it(`refuses a ReadWriteOnce claim with ${title}`, () => {
      assert.throws(
        () => settleStorage(config({ pvc: { claim: "a" } }, more), claim("ReadWriteOnce")),
        message,
      );
    });
  }

  it("takes a ReadWriteOnce claim with Recreate and one replica", () => {
    settleStorage(config({ pvc: { claim: "a" } }, { rolloutStrategy: "Recreate" }), claim("ReadWriteOnce"));
  });

  it("does not look again at a claim it has taken: RollingUpdate passes then", () => {
    const taken = config({ pvc: { claim: "a" } }, { rolloutStrategy: "Recreate" });
    settleStorage(taken, claim("ReadWriteOnce"));
    taken.spec.rolloutStrategy = "RollingUpdate";
    settleStorage(taken, claim("ReadWriteOnce"));
  });

  it("refuses S3 without the administrator's keys", () => {
    assert.throws(
      () => settleStorage(config({ s3: { bucket: "b" } }), nothing),
      /cluster minted credentials/,
    );
    const keys = { metadata: { name: "user" }, data: { REGISTRY_STORAGE_S3_ACCESSKEY: "a" } };
    assert.throws(
      () => settleStorage(config({ s3: { bucket: "b" } }), { zones: false, keys }),
      /does not contain required key "REGISTRY_STORAGE_S3_SECRETKEY"/,
    );
  });

  it("finds the one backend there is", () => {
    assert.equal(storageKeyOf({}), undefined);
    assert.equal(storageKeyOf({ managementState: "Managed", gcs: {} }), "gcs");
  });
});
