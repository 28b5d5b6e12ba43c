import assert from "node:assert/strict";
import type { V1PodSpec } from "@kubernetes/client-node";
import {
  describeStorage,
  foreignStores,
  sameStore,
  storageInUse,
  storeKeysIn,
} from "../../../backends/stores";
import { emptyDir, followed, onClaim, registryConfig } from "../support/fixtures";

describe("the stores of spec.storage", () => {
  it("are found even when empty, and managementState is not one of them", () => {
    assert.deepEqual(storeKeysIn({ managementState: "Managed", emptyDir: {} }), ["emptyDir"]);
    assert.deepEqual(storeKeysIn({ managementState: "Managed" }), []);
    assert.deepEqual(storeKeysIn(undefined), []);
  });

  it("are foreign when the stack has no place for them, and only then", () => {
    assert.deepEqual(foreignStores({ emptyDir: {}, pvc: { claim: "a" }, gcs: {} }, onClaim("a")), [
      "emptyDir",
      "gcs",
    ]);
    assert.deepEqual(foreignStores({ pvc: { claim: "theirs" } }, onClaim("ours")), []);
    assert.deepEqual(foreignStores(undefined, emptyDir), []);
  });

  it("are named with what tells one store from another", () => {
    assert.equal(describeStorage({ emptyDir: {}, pvc: { claim: "a" } }), 'emptyDir and pvc "a"');
    assert.equal(describeStorage({ s3: { bucket: "images" } }), 's3 bucket "images"');
    assert.equal(describeStorage({}), "none");
    assert.ok(!sameStore(onClaim("a"), onClaim("b")));
    assert.ok(!sameStore({ s3: { bucket: "a" } }, { s3: { bucket: "b" } }));
    assert.ok(sameStore({ managementState: "Managed", pvc: { claim: "a" } }, onClaim("a")));
  });
});

describe("the storage in use", () => {
  const uses = (pod: Partial<V1PodSpec>) => storageInUse(followed(registryConfig(), pod));
  const container = (env: Record<string, string>) => ({
    volumes: [],
    containers: [{ name: "registry", env: Object.entries(env).map(([name, value]) => ({ name, value })) }],
  });

  it("is what the pods mount, whatever the spec says", () => {
    assert.deepEqual(uses({ volumes: [{ name: "registry-storage", emptyDir: {} }] }), { emptyDir: {} });
    assert.deepEqual(
      uses({ volumes: [{ name: "registry-storage", persistentVolumeClaim: { claimName: "old" } }] }),
      { pvc: { claim: "old" } },
    );
  });

  it("is not another emptyDir of the pod, such as the one for certificates", () => {
    assert.deepEqual(
      uses({ ...container({}), volumes: [{ name: "ca-trust-extracted", emptyDir: {} }] }),
      undefined,
    );
  });

  it("is the bucket or the driver of object storage", () => {
    assert.deepEqual(uses(container({ REGISTRY_STORAGE: "s3", REGISTRY_STORAGE_S3_BUCKET: "images" })), {
      s3: { bucket: "images" },
    });
    const azure = { REGISTRY_STORAGE: "azure", REGISTRY_STORAGE_AZURE_CONTAINER: '"42"' };
    assert.deepEqual(uses(container(azure)), { azure: { container: "42" } });
    assert.deepEqual(uses(container({ REGISTRY_STORAGE: "azure" })), { azure: {} });
  });

  it("is IBM's store, which is S3 to the registry, by its address", () => {
    const REGISTRY_STORAGE_S3_REGIONENDPOINT = "s3.eu-de.cloud-object-storage.appdomain.cloud";
    const variables = { REGISTRY_STORAGE: "s3", REGISTRY_STORAGE_S3_BUCKET: "images" };
    assert.deepEqual(uses(container({ ...variables, REGISTRY_STORAGE_S3_REGIONENDPOINT })), {
      ibmcos: { bucket: "images" },
    });
  });

  it("is nothing without a deployment", () => assert.equal(storageInUse(undefined), undefined));
});
