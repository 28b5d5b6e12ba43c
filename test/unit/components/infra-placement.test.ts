import assert from "node:assert/strict";
import { InfraPlacement, type InfraPlacementArgs } from "../../../components/infra-placement";
import { clusterProvider, nowhere } from "../support/cluster";
import { infraLabel, live, node, onInfra } from "../support/fixtures";
import { patience, run } from "../support/monitor";

type Metadata = { name: string; labels?: Record<string, string>; annotations: Record<string, string> };

async function placed(changes: Partial<InfraPlacementArgs> = {}, options: { retainOnDelete?: boolean } = {}) {
  const { resources } = await run(() => {
    const provider = clusterProvider();
    new InfraPlacement(
      "placement",
      { ...onInfra, connection: nowhere, checked: { live: live() }, ...changes },
      { provider, ...options },
    );
  });
  const children = resources.filter(({ parent }) => parent === "placement");
  return {
    component: resources.find(({ type }) => type === "image-registry:index:InfraPlacement"),
    children,
    nodes: children.filter(({ type }) => type.endsWith(":NodePatch")),
  };
}

describe("InfraPlacement", function () {
  this.timeout(patience);

  const metadata = (resource: { inputs: Record<string, unknown> } | undefined) =>
    resource?.inputs["metadata"] as Metadata;

  it("applies as a field manager of its own whose name never changes", async () => {
    const { children } = await placed({ nodes: ["worker-0"] });
    for (const child of children) {
      const { annotations } = metadata(child);
      assert.equal(annotations["pulumi.com/patchFieldManager"], "image-registry-placement");
      assert.equal(annotations["pulumi.com/patchForce"], "true");
    }
  });

  it("keeps what it saw of the cluster out of its inputs: every node's heartbeat would be a change", async () => {
    const { component } = await placed();
    assert.deepEqual(component?.inputs, {});
  });

  it("goes to the cluster it is given", async () => {
    for (const { provider } of (await placed({ nodes: ["worker-0"] })).children) {
      assert.match(provider, /::cluster::cluster-id$/);
    }
  });
});

describe("the nodes that a stack names", function () {
  this.timeout(patience);

  const taint = (key: string, effect: string, value?: string) => ({ key, effect, ...(value && { value }) });
  const one = async (
    found: ReturnType<typeof node>,
    tolerations: InfraPlacementArgs["tolerations"] = onInfra.tolerations,
  ) => {
    const { nodes } = await placed({
      nodes: ["worker-0"],
      tolerations,
      checked: { live: { nodes: [found] } },
    });
    const inputs = nodes[0]?.inputs as { metadata: Metadata; spec: { taints: object[] } };
    return { labels: inputs.metadata.labels, taints: inputs.spec.taints };
  };

  it("get the label and the taint", async () => {
    const { labels, taints } = await one(node("worker-0"));
    assert.deepEqual(labels, { [infraLabel]: "" });
    assert.deepEqual(taints, [taint(infraLabel, "NoSchedule")]);
  });

  it("keep the taints that others gave them", async () => {
    const theirs = taint("dedicated", "NoExecute", "storage");
    const { taints } = await one(node("worker-0", {}, [theirs]));
    assert.deepEqual(taints, [theirs, taint(infraLabel, "NoSchedule")]);
  });

  it("have our taint once, however often it is applied, and another effect of its key stays", async () => {
    const both = [taint(infraLabel, "NoSchedule"), taint(infraLabel, "NoExecute")];
    const { taints } = await one(node("worker-0", {}, both));
    assert.deepEqual(taints, both);
  });

  it("keep the value of a taint that serves, and get another where the toleration needs it", async () => {
    const reserved = taint(infraLabel, "NoSchedule", "reserved");
    assert.deepEqual((await one(node("worker-0", {}, [reserved]))).taints, [reserved]);
    const equal = [{ key: infraLabel, operator: "Equal", value: "other", effect: "NoSchedule" }];
    assert.deepEqual((await one(node("worker-0", {}, [reserved]), equal)).taints, [
      taint(infraLabel, "NoSchedule", "other"),
    ]);
  });

  it("get the effect and value that the toleration names, and none from a toleration of everything", async () => {
    const tolerations = [{ key: "pool", value: "infra", effect: "NoExecute" }, { operator: "Exists" }];
    const { taints } = await one(node("worker-0"), tolerations);
    assert.deepEqual(taints, [taint("pool", "NoExecute", "infra")]);
  });

  it("lose nothing of what Kubernetes puts on them by itself, and do not change with it", async () => {
    const cordoned = taint("node.kubernetes.io/unschedulable", "NoSchedule");
    const { taints } = await one(node("worker-0", {}, [cordoned]));
    assert.deepEqual(taints, [taint(infraLabel, "NoSchedule")]);
  });

  it("keep their role when the stack lets go of them: to give up the list of taints would empty it", async () => {
    const { nodes } = await placed({ nodes: ["worker-0"] }, { retainOnDelete: false });
    assert.deepEqual(
      nodes.map(({ retainOnDelete }) => retainOnDelete),
      [true],
    );
  });
});
