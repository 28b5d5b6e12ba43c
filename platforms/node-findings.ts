import type { V1Node } from "@kubernetes/client-node";
import { withRole } from "../kubernetes/node-role";
import { areKeptApart, hasTermWithoutSelector } from "../kubernetes/scheduling/apart";
import { type Placed, placed } from "../kubernetes/scheduling/place";
import { nameOf, type Place, type PodToPlace, replicasOn } from "../kubernetes/scheduling/pod";
import { roleFindings } from "./node-roles";
import type { RegistryPlan } from "./plan";
import type { Finding, Findings, NodeVerdicts } from "./finding";
import type { LiveRegistry } from "./platform";

export interface Rolling {
  /** The registry is as the plan asks already: no pod has to move. */
  readonly serves: boolean;
  /** Whether the pods that run stay until new ones are ready. */
  readonly keepsOld: boolean;
}

type Live = Pick<LiveRegistry, "nodes" | "running" | "peers" | "furtherValues" | "pods" | "tainted">;

/** Whatever would leave one of the registry's pods Pending; nothing is wrong with it as long as none has to move. */
export function nodeFindings(live: Live, pod: PodToPlace, plan: RegistryPlan, rolling: Rolling): Findings {
  const none = { errors: [], warnings: [] };
  if (plan.managementState !== "Managed") return none;
  const unknown = plan.nodesToLabel.filter((name) => !live.nodes.some((node) => nameOf(node) === name));
  if (unknown.length) {
    const missing = { kind: "node is missing", field: "placement.nodes" } as const;
    return { ...none, errors: unknown.map((node) => ({ ...missing, node })) };
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

function pendingFindings(
  live: Live,
  pod: PodToPlace,
  { replicas: asked, placement }: RegistryPlan,
  rolling: Rolling,
): Finding[] {
  // Nodes that nobody may see the pods of count as empty; the registry's own make way for those that replace them.
  const place = withoutOwn(live);
  const all = placed(pod, asked, place);
  const is = all.nodes.length;
  const { nodeSelector } = placement;
  const about = { field: "replicas" } as const;
  if (is < asked)
    return [
      { kind: "pods find no node", ...about, is, asked, nodeSelector, nodes: verdicts(live.nodes, all) },
    ];
  if (rolling.serves || !rolling.keepsOld || live.pods.length === 0) return [];
  const beside = placed(pod, 1, { ...place, running: live.running }, replicasOn(live.nodes, live.pods));
  if (beside.nodes.length) return [];
  return [{ kind: "new pod finds no node", ...about, nodes: verdicts(live.nodes, beside) }];
}

/** Replicas that go down with one node. */
function togetherFindings(pod: PodToPlace, { replicas: asked }: RegistryPlan): Finding[] {
  if (asked < 2) return [];
  if (hasTermWithoutSelector(pod))
    return [{ kind: "anti-affinity names no pods", field: "registry.affinity" }];
  return areKeptApart(pod) ? [] : [{ kind: "replicas may share a node", field: "replicas", asked }];
}

function withoutOwn({ nodes, running, peers, furtherValues, pods }: Live): Place {
  const own = new Set(pods.map(({ metadata }) => metadata?.uid));
  const others = [...running].map(
    ([name, all]) => [name, all.filter(({ metadata }) => !own.has(metadata?.uid))] as const,
  );
  return {
    nodes,
    running: new Map(others),
    peers: peers?.filter(({ uid }) => !own.has(uid)),
    ...(furtherValues && { furtherValues }),
  };
}

/** So many nodes are asked why: a cluster may have thousands. */
const mostAsked = 8;

function verdicts(nodes: readonly V1Node[], { nodes: given, whyNot }: Placed): NodeVerdicts {
  const of = nodes.slice(0, mostAsked).map((node) => ({
    name: nameOf(node),
    takes: given.filter((one) => one === node).length,
    obstacle: whyNot(node),
  }));
  return { of, more: nodes.length - of.length };
}
