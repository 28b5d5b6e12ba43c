import assert from "node:assert/strict";
import { S3Credentials } from "../../../components/s3-credentials";
import { clusterProvider } from "../support/cluster";
import { patience, type Inputs, isSecret, type Registered, run } from "../support/monitor";

const keys = { accessKey: "AKIAEXAMPLE", secretKey: "wJalrXUtnFEMI" };

async function secret(retainOnDelete = false): Promise<Registered> {
  const { resources } = await run(() => {
    const provider = clusterProvider();
    new S3Credentials("s3", { namespace: "openshift-image-registry", ...keys }, { provider, retainOnDelete });
  });
  return resources.find(({ type }) => type === "kubernetes:core/v1:Secret") as Registered;
}

describe("S3Credentials", function () {
  this.timeout(patience);

  it("is the Secret in which the operator looks for a user's keys", async () => {
    const { inputs, provider } = await secret();
    const { name, namespace } = inputs["metadata"] as Record<string, string>;
    assert.deepEqual(
      [namespace, name],
      ["openshift-image-registry", "image-registry-private-configuration-user"],
    );
    assert.deepEqual(inputs["stringData"], {
      REGISTRY_STORAGE_S3_ACCESSKEY: keys.accessKey,
      REGISTRY_STORAGE_S3_SECRETKEY: keys.secretKey,
    });
    assert.match(provider, /::cluster::cluster-id$/);
  });

  it("keeps both keys secret on their way, also those given in plain", async () => {
    const { wire } = await secret();
    const data = wire["stringData"];
    assert.ok(isSecret(data) || Object.values(data as Inputs).every(isSecret));
  });

  it("stays on the cluster at destroy when, and only when, it is told to", async () => {
    assert.equal((await secret(true)).retainOnDelete, true);
    assert.equal((await secret(false)).retainOnDelete, false);
  });
});
