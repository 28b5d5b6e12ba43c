import assert from "node:assert/strict";

import { ownKeys } from "../../../config";
import { configurationOf } from "../../../stack/configuration";
import { configIn } from "../../../stack/stack-file";

describe("the configuration whose registry the status shows", () => {
  it("is the stack's own where no option stands over it", async () => {
    const { context, backend, replicas } = await configurationOf("prod", {
      kubeconfig: undefined,
      context: undefined,
    });
    assert.deepEqual([context, backend, replicas], ["prod", "nfs", 2]);
  });

  it("is seen through another kubeconfig and context when asked to", async () => {
    const asked = { kubeconfig: "/tmp/kubeconfig", context: "sandbox" };
    const { kubeconfig, context, backend } = await configurationOf("acme/image-registry/prod", asked);
    assert.deepEqual([kubeconfig, context, backend], ["/tmp/kubeconfig", "sandbox", "nfs"]);
  });

  it("is nothing in a file that is empty, and an error that quotes no value in one that cannot be read", () => {
    assert.deepEqual([configIn("", "f"), configIn("config:\n", "f")], [{}, {}]);
    const broken = "config:\n  a:token: hunter2\n  b: [\n";
    assert.throws(
      () => configIn(broken, "Pulumi.qa.yaml"),
      ({ message }: Error) =>
        /^Pulumi\.qa\.yaml is not YAML: .* at line \d+/.test(message) && !/hunter2/.test(message),
    );
    assert.throws(() => configIn("config: hello", "f"), /^Error: f: config must be keys/);
  });

  it("is told to be another project's where `pulumi new` has renamed this one", () => {
    const old = { "image-registry:context": "qa", "image-registry:backend": "nfs" };
    assert.throws(
      () => ownKeys(old, "acme"),
      /key "image-registry:backend" is not of this project.* "acme"; write "acme:" in front/,
    );
    assert.deepEqual(ownKeys({ ...old, "acme:backend": "nfs" }, "acme"), { backend: "nfs" });
    assert.deepEqual(ownKeys({ "kubernetes:context": "x", "acme:context": "y" }, "acme"), { context: "y" });
  });
});
