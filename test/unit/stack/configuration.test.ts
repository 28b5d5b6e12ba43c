import assert from "node:assert/strict";

import { configurationOf } from "../../../stack/configuration";

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
});
