import assert from "node:assert/strict";

import { kubernetesProvider } from "../../../components/provider";
import { patience, run } from "../support/monitor";

describe("the Kubernetes provider", function () {
  this.timeout(patience);
  const before = process.env.KUBECONFIG;

  afterEach(() => {
    if (before === undefined) delete process.env.KUBECONFIG;
    else process.env.KUBECONFIG = before;
  });

  it("keeps the path of this machine's kubeconfig out of the stack, so that no other machine sees a change", async () => {
    process.env.KUBECONFIG = "/home/me/kubeconfig";
    const { resources } = await run(() =>
      Promise.resolve({ provider: kubernetesProvider({ kubeconfig: "", context: "dev" }).urn }),
    );
    const provider = resources.find(({ type }) => type === "pulumi:providers:kubernetes");
    assert.equal(provider?.inputs["kubeconfig"], "");
  });
});
