import type { V1Node, V1Toleration } from "@kubernetes/client-node";
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
