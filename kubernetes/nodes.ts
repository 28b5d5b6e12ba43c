import type { V1Node, V1Taint, V1Toleration } from "@kubernetes/client-node";
import { type ClusterClient, labelSelector } from "./client";

/** The role of nodes kept for what the cluster itself needs. */
export const infraLabel = "node-role.kubernetes.io/infra";

/** Where pods may run: the parts of a pod spec that choose nodes. */
export interface Placement {
  /** Labels a node must carry; empty means any node. */
  readonly nodeSelector: Readonly<Record<string, string>>;
  readonly tolerations: readonly V1Toleration[];
}

/** The nodes that carry the placement's labels, and those named: of a large cluster's thousands, often three. */
export async function readNodes(
  client: ClusterClient,
  { nodeSelector }: Placement,
  names: readonly string[],
): Promise<V1Node[]> {
  const [labelled = [], ...named] = await Promise.all([
    client.list<V1Node>("v1", "Node", undefined, { labelSelector: labelSelector(nodeSelector) }),
    ...names.map((name) => client.get<V1Node>("v1", "Node", name)),
  ]);
  const all = [...labelled, ...named.filter((node) => node !== undefined)];
  return [...new Map(all.map((node) => [node.metadata?.name, node])).values()];
}

/** The nodes that a pod so placed could be scheduled on now: ready, not cordoned, labels matching, taints tolerated. */
export function eligibleNodes(nodes: V1Node[], placement: Placement): V1Node[] {
  return nodes.filter((node) => whyNot(node, placement) === undefined);
}

/** Why a node cannot take the pod, or undefined when it can. */
export function whyNot(node: V1Node, { nodeSelector, tolerations }: Placement): string | undefined {
  const labels = node.metadata?.labels ?? {};
  const missing = Object.entries(nodeSelector).find(([key, value]) => labels[key] !== value);
  if (missing) return `lacks label ${missing[0]}=${missing[1]}`;
  if (node.spec?.unschedulable) return "is cordoned";
  if (node.status?.conditions?.find(({ type }) => type === "Ready")?.status !== "True") return "is not ready";
  const taint = node.spec?.taints?.find(
    (taint) => repels(taint) && !tolerations.some((t) => tolerates(t, taint)),
  );
  return taint && `has taint ${taint.key}:${taint.effect}, which is not tolerated`;
}

function repels(taint: V1Taint): boolean {
  return taint.effect === "NoSchedule" || taint.effect === "NoExecute";
}

// The API's own rule (core/v1 Toleration): an empty key with Exists matches every taint, an empty effect every effect.
function tolerates(toleration: V1Toleration, taint: V1Taint): boolean {
  if (toleration.effect && toleration.effect !== taint.effect) return false;
  if (!toleration.key) return toleration.operator === "Exists";
  if (toleration.key !== taint.key) return false;
  return toleration.operator === "Exists" || (toleration.value ?? "") === (taint.value ?? "");
}
