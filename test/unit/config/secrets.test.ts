import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { readConfiguration } from "../../../config";
import { UserError } from "../../../errors";
import { onHost, onS3 } from "../support/configuration";
import { setConfiguration } from "../support/program";

const secret = "hunter2-do-not-print";

/** What the program reads when the engine hands it these values, those of `encrypted` as secrets. */
async function read(values: Record<string, unknown>, encrypted: string[] = []) {
  await pulumi.runtime.setMocks(
    { newResource: () => assert.fail("a resource"), call: () => assert.fail("a call") },
    "image-registry",
    "blue",
  );
  setConfiguration({ ...values, "kubernetes:context": "elsewhere" }, encrypted);
  return readConfiguration();
}

async function refusal(values: Record<string, unknown>, encrypted?: string[]): Promise<string> {
  const error: unknown = await read(values, encrypted).then(
    () => assert.fail("it passes"),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof UserError, String(error));
  return error.message;
}

describe("the stack's configuration", () => {
  after(() => pulumi.runtime.setAllConfig({}));

  it("is read with sections from JSON, numbers from text, and nothing of other namespaces", async () => {
    const config = await read({ ...onHost(), replicas: "2" }, ["sshPrivateKey"]);
    assert.equal(config.context, "dev");
    assert.equal(config.replicas, 2);
    assert.deepEqual(config.nfs?.host?.clients, ["10.0.0.0/24"]);
  });

  it("is refused in the name of its stack", async () => {
    assert.match(await refusal({}), /^configuration of stack "blue":\n {2}- context: is missing/);
  });
});

describe("a secret", () => {
  after(() => pulumi.runtime.setAllConfig({}));

  it("passes when it is encrypted", async () => {
    const config = await read(onS3(), ["s3AccessKey", "s3SecretKey"]);
    assert.deepEqual([config.s3AccessKey, config.s3SecretKey], ["access", "secret"]);
    assert.ok((await read(onHost(), ["sshPrivateKey"])).sshPrivateKey);
  });

  it("in plain text is refused with the command that encrypts it, and not repeated", async () => {
    const message = await refusal({
      ...onS3(),
      s3AccessKey: secret,
      s3SecretKey: secret,
      sshPrivateKey: secret,
    });
    for (const key of ["s3AccessKey", "s3SecretKey", "sshPrivateKey"]) {
      assert.ok(message.includes(`${key}: is in plain text; encrypt it: pulumi config set --secret ${key}`));
    }
    assert.ok(!message.includes(secret), message);
  });

  it("in plain text is told together with whatever else is wrong", async () => {
    const message = await refusal({ ...onS3(), s3AccessKey: secret, replicas: "none" }, ["s3SecretKey"]);
    assert.match(message, /s3AccessKey: is in plain text/);
    assert.match(message, /replicas: "none" must be/);
  });

  it("need not be encrypted while it is empty, as Pulumi.yaml has it", async () => {
    const empty = {
      context: "dev",
      backend: "emptyDir",
      sshPrivateKey: "",
      s3AccessKey: "",
      s3SecretKey: "",
    };
    assert.equal((await read(empty)).sshPrivateKey, "");
  });

  it("of a wrong shape is named and not shown", async () => {
    for (const shape of [[secret], { key: secret }]) {
      const message = await refusal({ ...onS3(), s3SecretKey: shape }, ["s3AccessKey", "s3SecretKey"]);
      assert.match(message, /s3SecretKey: \[secret\] must be a string/);
      assert.ok(!message.includes(secret), message);
    }
  });

  it("under a mistyped key is not shown either", async () => {
    const message = await refusal({ ...onS3(), s3Secretkey: secret }, ["s3AccessKey", "s3SecretKey"]);
    assert.match(message, /s3Secretkey: no such key; did you mean "s3SecretKey"\?/);
    assert.ok(!message.includes(secret), message);
  });
});
