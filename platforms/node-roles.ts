import type { V1Node, V1Pod } from "@kubernetes/client-node";
import type { Finding } from "../backends/backend";
import { type ClusterClient, ClusterError } from "../kubernetes/client";
import { roleChanges, type Taint, withRole } from "../kubernetes/node-role";
import { nameOf } from "../kubernetes/scheduling/pod";
import { repellingTaint, repels, taintText, tolerates } from "../kubernetes/scheduling/taints";
import type { RegistryPlan } from "./plan";
import type { Findings } from "./finding";
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
    client.first<V1Node>("v1", "Node", (node) => !isNamed(node, asked) && !repellingTaint(node, [])),
    ...evicting.map((node) => podsOn(client, nameOf(node))),
  ]);
  return {
    nodeForOthers: other && nameOf(other),
    pods: new Map(evicting.map((node, index) => [nameOf(node), pods[index]])),
  };
}

/** What the stack changes on nodes that others use, too. */
export function roleFindings(nodes: readonly V1Node[], tainted: Tainted | undefined, asked: Asked): Findings {
  const own = named(nodes, asked);
  const field = "placement.nodes";
  const finding = (message: string): Finding => ({ field, message });
  const changed = own.flatMap((node) => {
    const { labels, taints } = roleChanges(node, asked.placement);
    return [
      ...labels.map(({ key, is, asked: to }) => `label ${key} from "${is}" to "${to}"`),
      ...taints.map(({ is, asked: to }) => `taint ${taintText(is)} to ${taintText(to)}`),
    ].map((change) =>
      finding(
        `will change ${change} of node "${nameOf(node)}"; what selects or tolerates the old value no longer does`,
      ),
    );
  });
  const evicted = [...(tainted?.pods ?? [])].flatMap(([name, pods]) => {
    const node = own.find((one) => nameOf(one) === name);
    const text = node && evictionText(newTaints(node, asked), pods);
    return text ? [finding(`will taint node "${name}" with ${text}`)] : [];
  });
  const errors = leavesNone(own, tainted, asked) ? [finding(noneLeftText(own, asked))] : [];
  return { errors, warnings: [...changed, ...evicted] };
}

/** Nobody can run ordinary pods any more, who could before. */
function leavesNone(own: readonly V1Node[], tainted: Tainted | undefined, { placement }: Asked): boolean {
  if (!tainted || tainted.nodeForOthers !== undefined) return false;
  return (
    own.some((node) => !repellingTaint(node, [])) &&
    own.every((node) => repellingTaint(withRole(node, placement), []))
  );
}

function noneLeftText(own: readonly V1Node[], asked: Asked): string {
  const texts = new Set(own.flatMap((node) => newTaints(node, asked).filter(repels).map(taintText)));
  return (
    `taint ${[...texts].join(", ")} on ${own.map(nameOf).join(", ")} would leave no node for other pods; leave a node ` +
    `out, or use placement without nodes, and label them by hand`
  );
}

function evictionText(taints: readonly Taint[], pods: readonly V1Pod[] | undefined): string | undefined {
  const evicting = taints.filter(({ effect }) => effect === "NoExecute");
  const what = evicting.map(taintText).join(", ");
  if (!pods)
    return `${what}, which evicts pods; how many cannot be told without the right to list them (access/pods.yaml)`;
  const gone = pods.filter(({ spec }) =>
    evicting.some((taint) => !spec?.tolerations?.some((one) => tolerates(one, taint))),
  );
  if (gone.length === 0) return undefined;
  const namespaces = new Map<string, number>();
  for (const { metadata } of gone) {
    const name = metadata?.namespace ?? "";
    namespaces.set(name, (namespaces.get(name) ?? 0) + 1);
  }
  const counts = [...namespaces].sort().map(([name, count]) => `${count} of ${name}`);
  return `${what}, which evicts ${gone.length} pod${gone.length > 1 ? "s" : ""}: ${counts.join(", ")}`;
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

async function podsOn(client: ClusterClient, node: string): Promise<V1Pod[] | undefined> {
  try {
    const selection = { fieldSelector: `spec.nodeName=${node},status.phase!=Succeeded,status.phase!=Failed` };
    return await client.list<V1Pod>("v1", "Pod", undefined, selection);
  } catch (error) {
    if (error instanceof ClusterError && error.code === 403) return undefined;
    throw error;
  }
}
