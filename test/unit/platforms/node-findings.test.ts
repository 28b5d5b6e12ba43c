import assert from "node:assert/strict";
import type { V1Node, V1Pod } from "@kubernetes/client-node";
import type { PodToPlace } from "../../../kubernetes/scheduling/pod";
import { nodeFindings } from "../../../platforms/node-findings";
import { operator } from "../../../platforms/operator";
import type { LiveOperator } from "../../../platforms/operator/live";
import { podToPlace } from "../../../platforms/operator/pod";
import type { RegistryPlan } from "../../../platforms/plan";
import { infraLabel, infraNode, live, node, onInfra, plan, registryConfig, told } from "../support/fixtures";

const hostname = "kubernetes.io/hostname";
const labels = { "docker-registry": "default" };
const apart = (labelSelector: object | undefined) => ({
  podAntiAffinity: {
    requiredDuringSchedulingIgnoredDuringExecution: [
      { topologyKey: hostname, ...(labelSelector && { labelSelector }) },
    ],
  },
});

function running(nodeName: string, cpu: string, priority: number): V1Pod {
  const containers = [{ name: "main", resources: { requests: { cpu } } }];
  return { metadata: { name: "other", uid: "other" }, spec: { nodeName, priority, containers } };
}

const found = (live_: Partial<LiveOperator>, asked: Partial<RegistryPlan> = {}) =>
  told(operator.preflight(live({ holdsImages: false, deployment: undefined, ...live_ }), plan(asked)));
const errors = (nodes: V1Node[], asked: Partial<RegistryPlan>, more: Partial<LiveOperator> = {}) =>
  found({ nodes, ...more }, asked).errors;

describe("why a node cannot take the registry's pod", () => {
  it("names the taint and the toleration where only value or effect differ, and both values of a label", () => {
    const reserved = node("infra-0", { [infraLabel]: "" }, [
      { key: "infra", value: "reserved", effect: "NoSchedule" },
    ]);
    const labelled = node("infra-1", { [infraLabel]: "true" });
    const tolerations = [{ key: "infra", operator: "Equal", value: "other" }];
    const [text = ""] = errors([reserved, labelled], { placement: { ...onInfra, tolerations } });
    assert.match(
      text,
      /infra-0 has taint infra=reserved:NoSchedule, which is not tolerated \(tolerated is infra=other\)/,
    );
    assert.match(text, /infra-1 has label node-role\.kubernetes\.io\/infra=true, asked is .*infra=""/);
  });

  it("is its volume, which is on another node or in another zone", () => {
    const required = {
      nodeSelectorTerms: [{ matchExpressions: [{ key: hostname, operator: "In", values: ["worker-7"] }] }],
    };
    const volume = { metadata: { name: "local-0" }, spec: { nodeAffinity: { required } } };
    const [text = ""] = errors([node("worker-0")], {}, { volume });
    assert.match(
      text,
      /worker-0 does not reach volume "local-0", which is where kubernetes\.io\/hostname in \(worker-7\)/,
    );
    const zonal = { metadata: { name: "disk-0", labels: { "topology.kubernetes.io/zone": "b" } } };
    const inZone = node("worker-0", { "topology.kubernetes.io/zone": "a" });
    assert.match(errors([inZone], {}, { volume: zonal }).join(), /"disk-0", which is in topology.*zone=b/);
  });

  it("is what the pod requests: more than the node has, or than is left beside pods of its rank", () => {
    const asking = (cpu: string) => ({ settings: { resources: { requests: { cpu } } } });
    assert.match(
      errors([node("worker-0")], asking("8")).join(),
      /worker-0 holds 4 cpu in all, asked is 8 cpu/,
    );
    const beside = (priority: number) => ({
      running: new Map([["worker-0", [running("worker-0", "3", priority)]]]),
    });
    assert.deepEqual(errors([node("worker-0")], asking("2"), beside(0)), []);
    assert.match(
      errors([node("worker-0")], asking("2"), beside(2_000_001_000)).join(),
      /worker-0 has 1 cpu left of 4 cpu, asked is 2 cpu/,
    );
  });

  it("is a spread that only some nodes can satisfy", () => {
    const spread = {
      topologyKey: "topology.kubernetes.io/zone",
      maxSkew: 1,
      whenUnsatisfiable: "DoNotSchedule",
      labelSelector: { matchLabels: labels },
    };
    const inZone = (name: string, zone: string, taints: V1Node["spec"] = {}) => ({
      ...node(name, { "topology.kubernetes.io/zone": zone }),
      spec: taints,
    });
    const tainted = inZone("b-0", "b", { taints: [{ key: "gpu", effect: "NoSchedule" }] });
    const asked = { replicas: 3, settings: { topologySpreadConstraints: [spread] } };
    const [text = ""] = errors([inZone("a-0", "a"), tainted], asked);
    assert.match(text, /^replicas: 3, of which 1 would find a node/);
    assert.match(
      text,
      /a-0 takes 1, and then would have 2 replicas more than another topology.*zone \(b\), and maxSkew is 1/,
    );
  });

  it("is the old pod, which a rolling update keeps until the new one is ready", () => {
    const own = { name: "old", uid: "old", labels };
    const pods = [{ metadata: own, spec: { nodeName: "worker-0", containers: [] } }];
    const settings = { affinity: apart({ matchLabels: labels }) };
    const config = registryConfig();
    const on = { nodes: [node("worker-0")], pods, config, deployment: live().deployment };
    assert.match(
      found(on, { settings }).errors.join(),
      /the new pod starts beside the old ones .*set rolloutStrategy to "Recreate"/,
    );
    assert.deepEqual(found(on, { settings, rolloutStrategy: "Recreate" }).errors, []);
    assert.deepEqual(found({ ...on, nodes: [node("worker-0"), node("worker-1")] }, { settings }).errors, []);
  });
});

describe("replicas that go down with one node", () => {
  const infra = [infraNode("infra-0"), infraNode("infra-1"), infraNode("infra-2")];
  const warnings = (asked: Partial<RegistryPlan>, nodes = infra) =>
    found({ nodes, deployment: live().deployment }, { placement: onInfra, ...asked }).warnings.join();

  it("are warned of where nothing keeps three of them apart", () => {
    assert.match(
      warnings({ replicas: 3 }),
      /^replicas: nothing keeps the 3 replicas apart, and one node may get all/,
    );
    assert.equal(warnings({ replicas: 2 }), "", "the operator keeps two apart");
    assert.equal(warnings({ replicas: 1 }), "");
    assert.equal(warnings({ replicas: 3, settings: { affinity: apart({ matchLabels: labels }) } }), "");
  });

  it("are warned of where the term that should keep them apart selects no pod", () => {
    const affinity = apart(undefined);
    assert.match(
      warnings({ replicas: 2, settings: { affinity } }),
      /^registry\.affinity: .* has no labelSelector/,
    );
    const others = apart({ matchLabels: { app: "another" } });
    assert.match(
      warnings({ replicas: 2, settings: { affinity: others } }),
      /nothing keeps the 2 replicas apart/,
    );
  });
});

describe("the pod that the operator will make", () => {
  const made = (asked: Partial<RegistryPlan>, hasZones = false): PodToPlace =>
    podToPlace(registryConfig(), plan(asked), { hasZones, volume: undefined });

  it("is spread over hosts and workers unless a nodeSelector chooses its nodes, and over zones where there are some", () => {
    const keys = (pod: PodToPlace) => pod.topologySpreadConstraints?.map(({ topologyKey }) => topologyKey);
    assert.deepEqual(keys(made({})), [hostname, "node-role.kubernetes.io/worker"]);
    assert.equal(keys(made({}, true))?.length, 3);
    assert.equal(keys(made({ placement: onInfra })), undefined);
  });

  it("asks for what the operator asks by default, or for what the stack says", () => {
    assert.deepEqual(made({}).requests, { cpu: 0.1, memory: 256 * 2 ** 20 });
    assert.deepEqual(made({ settings: { resources: { limits: { cpu: "2" } } } }).requests, { cpu: 2 });
  });
});

describe("findings about nodes", () => {
  it("are warnings only as long as the registry serves what is asked", () => {
    const serves = { serves: true, keepsOld: false };
    const one = live({ nodes: [] });
    const { errors, warnings } = nodeFindings(one, podToPlace(one.config, plan(), one), plan(), serves);
    assert.deepEqual([errors.length, warnings.length], [0, 1]);
  });
});
