import type { V1Node } from "@kubernetes/client-node";
import type { Finding } from "../backends/backend";
import { withRole } from "../kubernetes/node-role";
import { areKeptApart, hasTermWithoutSelector } from "../kubernetes/scheduling/apart";
import { type Placed, placed } from "../kubernetes/scheduling/place";
import { nameOf, type PlacedPod, type PodToPlace } from "../kubernetes/scheduling/pod";
import { roleFindings } from "./node-roles";
import type { RegistryPlan } from "./plan";
import type { Findings } from "./finding";
import type { LiveRegistry } from "./platform";

export interface Rolling {
  /** The registry is as the plan asks already: no pod has to move. */
  readonly serves: boolean;
  /** Whether the pods that run stay until new ones are ready. */
  readonly keepsOld: boolean;
}

type Live = Pick<LiveRegistry, "nodes" | "running" | "pods" | "tainted">;

/** Whatever would leave one of the registry's pods Pending; nothing is wrong with it as long as none has to move. */
export function nodeFindings(live: Live, pod: PodToPlace, plan: RegistryPlan, rolling: Rolling): Findings {
  const none = { errors: [], warnings: [] };
  if (plan.managementState !== "Managed") return none;
  const unknown = plan.nodesToLabel.filter((name) => !live.nodes.some((node) => nameOf(node) === name));
  if (unknown.length) {
    const errors = unknown.map((name) => ({
      field: "placement.nodes",
      message: `the cluster has no node "${name}"`,
    }));
    return { ...none, errors };
  }
  const nodes = live.nodes.map((node) =>
    plan.nodesToLabel.includes(nameOf(node)) ? withRole(node, plan.placement) : node,
  );
  const pending = pendingFindings({ ...live, nodes }, pod, plan, rolling);
  const roles = roleFindings(live.nodes, live.tainted, plan);
  const warnings = [...roles.warnings, ...togetherFindings(pod, plan)];
  // Nodes are cordoned and rebooted one by one all the time.
  return rolling.serves
    ? { errors: roles.errors, warnings: [...pending, ...warnings] }
    : { errors: [...roles.errors, ...pending], warnings };
}

function pendingFindings(live: Live, pod: PodToPlace, plan: RegistryPlan, rolling: Rolling): Finding[] {
  // Nodes that nobody may see the pods of count as empty; the registry's own make way for those that replace them.
  const place = { nodes: live.nodes, running: withoutOwn(live) };
  const all = placed(pod, plan.replicas, place);
  const finding = (message: string): Finding[] => [{ field: "replicas", message }];
  if (all.nodes.length < plan.replicas)
    return finding(
      `${plan.replicas}, of which ${all.nodes.length} would find a node, and the others stay Pending ` +
        `(nodeSelector ${selectorText(plan)}): ${nodesText(live.nodes, all)}`,
    );
  if (rolling.serves || !rolling.keepsOld || live.pods.length === 0) return [];
  const beside = placed(pod, 1, { ...place, running: live.running }, oldPods(live));
  if (beside.nodes.length) return [];
  return finding(
    `the new pod starts beside the old ones (rolloutStrategy "RollingUpdate"), and would stay Pending: ` +
      `${nodesText(live.nodes, beside)}; free a node for it, or set rolloutStrategy to "Recreate"`,
  );
}

/** Replicas that go down with one node. */
function togetherFindings(pod: PodToPlace, { replicas }: RegistryPlan): Finding[] {
  if (replicas < 2) return [];
  const field = "registry.affinity";
  if (hasTermWithoutSelector(pod)) {
    const message =
      "a term of podAntiAffinity has no labelSelector, and so keeps the replicas apart from no pod";
    return [{ field, message }];
  }
  if (areKeptApart(pod)) return [];
  const message =
    `nothing keeps the ${replicas} replicas apart, and one node may get all of them; ` +
    `registry.affinity (podAntiAffinity) or registry.topologySpreadConstraints can`;
  return [{ field: "replicas", message }];
}

function withoutOwn({ running, pods }: Live): Live["running"] {
  const own = new Set(pods.map(({ metadata }) => metadata?.uid));
  return new Map(
    [...running].map(([name, all]) => [name, all.filter(({ metadata }) => !own.has(metadata?.uid))]),
  );
}

function oldPods({ nodes, pods }: Live): PlacedPod[] {
  return pods.flatMap(({ metadata, spec }) => {
    const node = nodes.find((one) => nameOf(one) === spec?.nodeName);
    return node && !metadata?.deletionTimestamp ? [{ node, labels: metadata?.labels ?? {} }] : [];
  });
}

function selectorText({ placement }: RegistryPlan): string {
  const labels = Object.entries(placement.nodeSelector).map(([key, value]) => `${key}=${value}`);
  return labels.join(",") || "any";
}

function nodesText(nodes: readonly V1Node[], { nodes: given, whyNot }: Placed): string {
  if (nodes.length === 0) return "no node has these labels";
  const shown = nodes.slice(0, 8).map((node) => {
    const count = given.filter((one) => one === node).length;
    const why = whyNot(node) ?? "can take one";
    return `${nameOf(node)} ${count ? `takes ${count}, and then ${why}` : why}`;
  });
  const more = nodes.length - shown.length;
  return [...shown, ...(more > 0 ? [`and ${more} more`] : [])].join("; ");
}
