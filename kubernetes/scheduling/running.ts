import type { V1Node, V1Pod } from "@kubernetes/client-node";
import { type ClusterClient, ClusterError } from "../client";
import { eligibleNodes } from "./node";
import { nameOf, type PodToPlace } from "./pod";
import { freeOn, lacking } from "./resources";

/** Of a large cluster, this many nodes without room are looked at; the others count as empty. */
const mostNodes = 24;

/**
 * What runs on the nodes that could take the pod, one node after another until more of them have room than there are
 * replicas. Nothing where this user may not see the pods of other namespaces.
 */
export async function readRunning(
  client: ClusterClient,
  nodes: readonly V1Node[],
  pod: PodToPlace,
  replicas: number,
): Promise<Map<string, V1Pod[]>> {
  const running = new Map<string, V1Pod[]>();
  let withRoom = 0;
  for (const node of eligibleNodes(nodes, pod).slice(0, mostNodes)) {
    const name = nameOf(node);
    const pods = await podsOn(client, name);
    if (!pods) return new Map();
    running.set(name, pods);
    const isFull = lacking(pod.requests ?? {}, freeOn(node, pods, pod.priority ?? 0)) !== undefined;
    if (!isFull && ++withRoom > replicas) break;
  }
  return running;
}

async function podsOn(client: ClusterClient, node: string): Promise<V1Pod[] | undefined> {
  try {
    return await client.list<V1Pod>("v1", "Pod", undefined, { fieldSelector: `spec.nodeName=${node}` });
  } catch (error) {
    if (error instanceof ClusterError && error.code === 403) return undefined;
    throw error;
  }
}
