import assert from "node:assert/strict";
import { Provider } from "@pulumi/kubernetes/provider";
import { RegistryClaim, type RegistryClaimArgs } from "../../../components/registry-claim";
import { claim } from "../support/fixtures";
import { patience, type Registered, run } from "../support/monitor";

const args = {
  namespace: "openshift-image-registry",
  claimName: "images",
  storageClassName: "disks",
  accessModes: ["ReadWriteOnce"],
};

async function made(changes: Partial<RegistryClaimArgs> = {}): Promise<Registered> {
  const { resources } = await run(() => {
    const provider = new Provider("cluster", { context: "dev" });
    new RegistryClaim("storage", { ...args, ...changes }, { provider, retainOnDelete: false });
  });
  return resources.find(({ type }) => type === "kubernetes:core/v1:PersistentVolumeClaim")!;
}

const annotations = ({ inputs }: Registered) =>
  (inputs["metadata"] as { annotations: Record<string, string> }).annotations;

function on(volumeBindingMode: string): RegistryClaimArgs["checked"] {
  const disks = { metadata: { name: "disks" }, provisioner: "disks.example.com", volumeBindingMode };
  return { live: { claims: [], classes: [disks], moment: "now" } };
}

describe("RegistryClaim", function () {
  this.timeout(patience);

  it("asks the class for a volume of the size and access modes that are given", async () => {
    const { inputs } = await made({ size: "5Gi" });
    assert.deepEqual(inputs["spec"], {
      accessModes: ["ReadWriteOnce"],
      resources: { requests: { storage: "5Gi" } },
      storageClassName: "disks",
    });
  });

  it("leaves the class to the cluster when none is named", async () => {
    const { inputs } = await made({ storageClassName: undefined });
    assert.equal("storageClassName" in (inputs["spec"] as object), false);
  });

  it("outlives the stack of a registry that is taken down: images go with a claim", async () => {
    assert.equal((await made()).retainOnDelete, true);
  });

  it("is waited for where its class binds at once, and not where it binds at first use", async () => {
    assert.equal(annotations(await made({ checked: on("Immediate") }))["pulumi.com/skipAwait"], undefined);
    assert.equal(
      annotations(await made({ checked: on("WaitForFirstConsumer") }))["pulumi.com/skipAwait"],
      "true",
    );
  });

  it("is made anew when somebody deleted it", async () => {
    const gone = await made({ checked: on("Immediate") });
    const there = await made({ checked: { live: { ...on("Immediate")!.live, claims: [claim("images")] } } });
    assert.deepEqual(
      [gone, there].map((one) => annotations(one)["image-registry/made"]),
      ["now", undefined],
    );
  });
});
