import assert from "node:assert/strict";
import type { LiveOperator } from "../../platforms/operator/live";
import { infraNode, live } from "./support/fixtures";
import { configPatch, patience } from "./support/monitor";
import { previewOf } from "./support/program";

const prod = {
  backend: "nfs",
  replicas: "2",
  nfs: { server: "nfs.example.com", path: "/srv/registry", size: "100Gi" },
  placement: { infra: true, nodes: ["infra-0"] },
};

describe("the program", function () {
  this.timeout(patience);

  const nodes = [infraNode("infra-0"), infraNode("infra-1")];

  it("sends every Kubernetes resource to the one provider it was configured with", async () => {
    const { resources } = await previewOf(prod, { nodes });
    const kubernetes = resources.filter(({ type }) => type.startsWith("kubernetes:"));
    assert.ok(kubernetes.length >= 5);
    for (const { provider, name } of kubernetes) assert.match(provider, /kubernetes::cluster::/, name);
    const providers = resources.filter(({ type }) => type === "pulumi:providers:kubernetes");
    assert.deepEqual(
      providers.map(({ inputs }) => inputs["context"]),
      ["dev"],
    );
  });

  it("has volume, claim and placement in place before it patches the registry, so that pods roll once", async () => {
    const { resources } = await previewOf(prod, { nodes });
    const component = resources.find(({ type }) => type === "image-registry:index:RegistryOperatorPatch");
    for (const needed of ["storage-volume", "storage-claim", "pruner-patch", "placement-infra-0"]) {
      assert.ok(component?.dependsOn.includes(needed), needed);
    }
  });

  it("asks the same of a fresh cluster whatever its operator writes meanwhile, so that a plan can wait for approval", async () => {
    const asked = async (resourceVersion: string, managedFields?: object[]) => {
      const { config } = live();
      const metadata = { ...config.metadata, uid: "1b4f", resourceVersion, managedFields };
      const found = { nodes, config: { ...config, metadata } as LiveOperator["config"] };
      const { resources } = await previewOf(prod, found);
      const objects = resources.filter(({ type }) => type.startsWith("kubernetes:"));
      return objects.map(({ name, inputs }) => [name, inputs]);
    };
    assert.deepEqual(await asked("1"), await asked("2"));
    const written = [{ manager: "image-registry-operator-patch", operation: "Apply" }];
    assert.notDeepEqual(
      await asked("1", written),
      await asked("2", written),
      "what was deleted is made anew",
    );
  });

  it("has its name on the cluster before anything else", async () => {
    const { resources } = await previewOf(prod, { nodes });
    const components = resources.filter(
      ({ type, parent }) => /^image-registry:/.test(type) && parent !== "stack",
    );
    for (const { name, dependsOn } of components.filter(({ name }) => name !== "stack")) {
      assert.ok(dependsOn.includes("stack-name"), name);
    }
    assert.ok(components.length >= 4);
  });

  it("writes placement and storage of the registry in one patch, the only one of its Config", async () => {
    const { resources } = await previewOf(prod, { nodes });
    const [patch, ...others] = resources.filter(({ type }) => type === configPatch);
    assert.deepEqual(others, []);
    const spec = patch?.inputs["spec"] as Record<string, unknown>;
    assert.deepEqual(spec["nodeSelector"], { "node-role.kubernetes.io/infra": "" });
    assert.deepEqual(spec["tolerations"], [{ key: "node-role.kubernetes.io/infra", operator: "Exists" }]);
    assert.ok(spec["storage"]);
  });

  it("owns no nodeSelector when none is configured", async () => {
    const { resources } = await previewOf({ backend: "emptyDir" });
    const spec = resources.find(({ type }) => type === configPatch)?.inputs["spec"] as object;
    assert.deepEqual(
      Object.keys(spec).filter((key) => /nodeSelector|tolerations/.test(key)),
      [],
    );
  });

  it("on emptyDir makes no volume, no claim and no placement", async () => {
    const { resources } = await previewOf({ backend: "emptyDir" });
    const kubernetes = resources.filter(({ type }) => type.startsWith("kubernetes:"));
    assert.deepEqual(
      kubernetes.map(({ type, name }) => [type, name]),
      [
        ["kubernetes:core/v1:ConfigMap", "stack-name"],
        [configPatch, "registry"],
      ],
    );
  });

  it("on S3 has the keys in place before it patches the registry", async () => {
    const s3 = { bucket: "images", region: "us-east-1" };
    const values = { backend: "s3", s3, s3AccessKey: "access", s3SecretKey: "secret" };
    const { resources } = await previewOf(values, {}, ["s3AccessKey", "s3SecretKey"]);
    const component = resources.find(({ type }) => type === "image-registry:index:RegistryOperatorPatch");
    assert.ok(component?.dependsOn.includes("s3-secret"));
    const patch = resources.find(({ type }) => type === configPatch);
    assert.deepEqual((patch?.inputs["spec"] as { storage: unknown }).storage, {
      managementState: "Unmanaged",
      s3: {
        bucket: "images",
        region: "us-east-1",
        encrypt: true,
      },
    });
  });

  it("leaves volume and claim at destroy, also those of a registry that is down", async () => {
    const retained = async (managementState: string) => {
      const { resources } = await previewOf({ ...prod, managementState }, { nodes });
      return resources
        .filter(({ type }) => type.startsWith("kubernetes:core/v1:PersistentVolume"))
        .map(({ retainOnDelete }) => retainOnDelete);
    };
    assert.ok((await retained("Managed")).every((kept) => kept));
    assert.ok((await retained("Removed")).every((kept) => kept));
  });

  it("registers nothing at all when the plan does not fit the cluster", async () => {
    await assert.rejects(
      previewOf(prod, { nodes: [infraNode("infra-0")] }),
      /nothing was changed:\n {2}- replicas: 2, of which 1 would find/,
    );
  });

  it("tells where the images are and what to do next", async () => {
    const { result } = await previewOf({ backend: "emptyDir" });
    assert.equal(result["backend"], "emptyDir");
    assert.match(JSON.stringify(result["next"]), /images live as long as the pod/);
  });
});
