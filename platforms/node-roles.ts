import type { V1Node, V1Pod } from "@kubernetes/client-node";
import { type ClusterClient, unlessForbidden } from "../kubernetes/client";
import { roleChanges, type Taint, withRole } from "../kubernetes/node-role";
import { nameOf } from "../kubernetes/scheduling/pod";
import { repellingTaint, repels, tolerates } from "../kubernetes/scheduling/taints";
import type { RegistryPlan } from "./plan";
import type { Finding, Findings } from "./finding";
import type { Tainted } from "./platform";

type Asked = Pick<RegistryPlan, "nodesToLabel" | "placement">;

export async function readTainted(
  client: ClusterClient,
  nodes: readonly V1Node[],
  asked: Asked,
): Promise<Tainted | undefined> {
  const tainted = named(nodes, asked).filter((node) => newTaints(node, asked).length > 0);
  if (tainted.length === 0) return undefined;
  const evicting = tainted.filter((node) =>
    newTaints(node, asked).some(({ effect }) => effect === "NoExecute"),
  );
  const [other, ...pods] = await Promise.all([
    firstOther(client, asked),
    ...evicting.map((node) => podsOn(client, nameOf(node))),
  ]);
  return {
    nodeForOthers: other && nameOf(other),
    pods: new Map(evicting.map((node, index) => [nameOf(node), pods[index]])),
  };
}

async function firstOther(client: ClusterClient, asked: Asked): Promise<V1Node | undefined> {
  for await (const page of client.inPages<V1Node>("v1", "Node", {}, 50)) {
    const found = page.find((node) => !isNamed(node, asked) && !repellingTaint(node, []));
    if (found) return found;
  }
  return undefined;
}

/** What the stack changes on nodes that others use, too. */
export function roleFindings(nodes: readonly V1Node[], tainted: Tainted | undefined, asked: Asked): Findings {
  const own = named(nodes, asked);
  const field = "placement.nodes";
  const changed = own.flatMap((live): Finding[] => {
    const node = nameOf(live);
    const { labels, taints } = roleChanges(live, asked.placement);
    return [
      ...labels.map((label): Finding => ({ kind: "node's label changes", field, node, ...label })),
      ...taints.map((taint): Finding => ({ kind: "node's taint changes", field, node, ...taint })),
    ];
  });
  const evicted = [...(tainted?.pods ?? [])].flatMap(([name, pods]) => {
    const node = own.find((one) => nameOf(one) === name);
    return node ? evictions(name, newTaints(node, asked), pods) : [];
  });
  const taints = own.flatMap((node) => newTaints(node, asked).filter(repels));
  const none: Finding = { kind: "no node is left to others", field, nodes: own.map(nameOf), taints };
  return { errors: leavesNone(own, tainted, asked) ? [none] : [], warnings: [...changed, ...evicted] };
}

/** Nobody can run ordinary pods any more, who could before. */
function leavesNone(own: readonly V1Node[], tainted: Tainted | undefined, { placement }: Asked): boolean {
  if (!tainted || tainted.nodeForOthers !== undefined) return false;
  return (
    own.some((node) => !repellingTaint(node, [])) &&
    own.every((node) => repellingTaint(withRole(node, placement), []))
  );
}

function evictions(node: string, added: readonly Taint[], pods: readonly V1Pod[] | undefined): Finding[] {
  const taints = added.filter(({ effect }) => effect === "NoExecute");
  const evicts = { kind: "taint evicts", field: "placement.nodes", node, taints } as const;
  if (!pods) return [{ ...evicts, pods: undefined }];
  const gone = pods.filter(({ spec }) =>
    taints.some((taint) => !spec?.tolerations?.some((one) => tolerates(one, taint))),
  );
  const counts = new Map<string, number>();
  for (const { metadata } of gone) {
    const name = metadata?.namespace ?? "";
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return counts.size ? [{ ...evicts, pods: counts }] : [];
}

function newTaints(node: V1Node, { placement }: Asked): Taint[] {
  const { taints, added } = roleChanges(node, placement);
  return [...taints.map(({ asked }) => asked), ...added];
}

function named(nodes: readonly V1Node[], asked: Asked): V1Node[] {
  return nodes.filter((node) => isNamed(node, asked));
}

function isNamed(node: V1Node, { nodesToLabel }: Asked): boolean {
  return nodesToLabel.includes(nameOf(node));
}

function podsOn(client: ClusterClient, node: string): Promise<V1Pod[] | undefined> {
  const selection = { fieldSelector: `spec.nodeName=${node},status.phase!=Succeeded,status.phase!=Failed` };
  return unlessForbidden(client.list<V1Pod>("v1", "Pod", undefined, selection));
}
