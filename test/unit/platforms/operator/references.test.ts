import assert from "node:assert/strict";
import { s3 } from "../../../../backends/s3";
import { checkConfiguration } from "../../../../config";
import { type ClusterClient, ClusterError } from "../../../../kubernetes/client";
import { preflight } from "../../../../platforms/operator/preflight";
import { missingReferences } from "../../../../platforms/operator/references";
import { planOf } from "../../../../platforms/operator/plan";
import { withObjectBucket } from "../../../../platforms/object-bucket";
import { onS3 } from "../../support/configuration";
import { live, plan, told } from "../../support/fixtures";

type Objects = Record<string, { data: Record<string, string> } | "forbidden">;

/** A cluster with these Secrets and ConfigMaps, by KIND NAMESPACE/NAME. */
function cluster(objects: Objects): ClusterClient {
  const get = (_: string, kind: string, name: string, namespace: string) => {
    const found = objects[`${kind} ${namespace}/${name}`];
    if (found === "forbidden") return Promise.reject(new ClusterError("forbidden", false, 403));
    return Promise.resolve(found);
  };
  return { get } as unknown as ClusterClient;
}

async function errors(asked: Parameters<typeof plan>[0], objects: Objects = {}): Promise<string[]> {
  const wanted = plan(asked);
  const missing = await missingReferences(cluster(objects), wanted);
  return told(preflight(live({ missing, holdsImages: false }), wanted)).errors;
}

const here = "Secret openshift-image-registry";
const pair = { data: { "tls.crt": "", "tls.key": "" } };

describe("what the configuration names and others make", () => {
  it("is a route's certificate, with both its parts", async () => {
    const routes = {
      settings: { routes: [{ name: "public", hostname: "r.example.com", secretName: "tls" }] },
    };
    const message =
      'registry.routes[0].secretName: namespace openshift-image-registry has no Secret "tls" with tls.crt and tls.key; ' +
      "make it first: oc -n openshift-image-registry create secret tls tls --cert=FILE --key=FILE";
    assert.deepEqual(await errors(routes), [message]);
    assert.deepEqual(await errors(routes, { [`${here}/tls`]: { data: { "tls.crt": "" } } }), [message]);
    assert.deepEqual(await errors(routes, { [`${here}/tls`]: pair }), []);
    assert.deepEqual(await errors({ ...routes, managementState: "Removed" }), []);
  });

  it("is the CA of an object store, in openshift-config", async () => {
    const storage = { s3: { bucket: "images", trustedCA: { name: "minio-ca" } } };
    const keys = { backend: { name: "s3", storage, needs: { s3Keys: { accessKey: "a", secretKey: "s" } } } };
    assert.match(
      (await errors({ storage, ...keys }))[0]!,
      /^s3\.trustedCA: namespace openshift-config has no ConfigMap "minio-ca" with ca-bundle\.crt/,
    );
    const found = { "ConfigMap openshift-config/minio-ca": { data: { "ca-bundle.crt": "" } } };
    assert.deepEqual(await errors({ storage, ...keys }, found), []);
  });

  it("is a Secret with keys for s3, somebody's or the installer's, where the stack gives none", async () => {
    const config = checkConfiguration({ ...onS3(), s3AccessKey: "", s3SecretKey: "" }, "dev");
    const backend = s3(config);
    const own = { storage: backend.storage, backend };
    assert.match(
      (await errors(own))[0]!,
      /^s3AccessKey: is not given, and the operator has no keys of its own/,
    );
    const user = { data: { REGISTRY_STORAGE_S3_ACCESSKEY: "", REGISTRY_STORAGE_S3_SECRETKEY: "" } };
    assert.deepEqual(await errors(own, { [`${here}/image-registry-private-configuration-user`]: user }), []);
    assert.deepEqual(
      await errors(own, { [`${here}/installer-cloud-credentials`]: { data: { credentials: "" } } }),
      [],
    );
  });

  it("is taken to be there where the stack's user may not look", async () => {
    const routes = { settings: { routes: [{ name: "public", secretName: "tls" }] } };
    assert.deepEqual(await errors(routes, { [`${here}/tls`]: "forbidden" }), []);
  });
});

describe("an ObjectBucketClaim", () => {
  const base64 = (text: string) => Buffer.from(text).toString("base64");
  const bucket = {
    BUCKET_NAME: "images-1b4f",
    BUCKET_HOST: "s3.openshift-storage.svc",
    BUCKET_PORT: "443",
    BUCKET_REGION: "",
  };
  const keys = {
    AWS_ACCESS_KEY_ID: base64("the access key"),
    AWS_SECRET_ACCESS_KEY: base64("the secret key"),
  };
  const bound = (namespace: string): Objects => ({
    [`ConfigMap ${namespace}/registry`]: { data: bucket },
    [`Secret ${namespace}/registry`]: { data: keys },
  });
  const asked = (objectBucketClaim: string, section: object = {}) => {
    const raw = onS3({ objectBucketClaim, bucket: undefined, region: undefined, ...section });
    return checkConfiguration({ ...raw, s3AccessKey: "", s3SecretKey: "" }, "dev");
  };
  const resolved = (name: string, objects: Objects, section?: object) =>
    withObjectBucket(asked(name, section), cluster(objects), "openshift-image-registry");

  it("gives the registry its bucket, endpoint and keys, from its own namespace or the one that is named", async () => {
    for (const [name, namespace] of [
      ["registry", "openshift-image-registry"],
      ["openshift-storage/registry", "openshift-storage"],
    ] as const) {
      const { storage, backend } = planOf(await resolved(name, bound(namespace)));
      assert.deepEqual(storage.s3, {
        bucket: "images-1b4f",
        region: "us-east-1",
        regionEndpoint: "https://s3.openshift-storage.svc",
      });
      assert.deepEqual(backend.needs?.s3Keys, { accessKey: "the access key", secretKey: "the secret key" });
    }
  });

  it("may be reached at another endpoint", async () => {
    const regionEndpoint = "https://s3-openshift-storage.apps.example.com";
    const { s3: section } = await resolved("registry", bound("openshift-image-registry"), { regionEndpoint });
    assert.equal(section?.regionEndpoint, regionEndpoint);
  });

  it("that is not bound yet ends the run", async () => {
    await assert.rejects(
      resolved("registry", {}),
      /^Error: s3\.objectBucketClaim: namespace openshift-image-registry has no ConfigMap/,
    );
  });
});

describe("a redirect to the object store", () => {
  const warned = (regionEndpoint: string, settings: object = {}) => {
    const storage = { s3: { bucket: "images", regionEndpoint } };
    const wanted = plan({ storage, settings, backend: { name: "s3", storage } });
    return told(preflight(live({ holdsImages: false }), wanted)).warnings.filter((text) =>
      /redirected/.test(text),
    );
  };

  it("that nodes and clients cannot follow is warned of", () => {
    for (const endpoint of [
      "https://s3.openshift-storage.svc",
      "http://rook.rook.svc.cluster.local:80",
      "http://minio.example.com",
    ]) {
      assert.match(
        warned(endpoint)[0]!,
        /^s3\.regionEndpoint: pulls are redirected .* set registry\.disableRedirect: true/,
      );
      assert.deepEqual(warned(endpoint, { disableRedirect: true }), []);
    }
    assert.deepEqual(warned("https://s3.example.com"), []);
  });
});
