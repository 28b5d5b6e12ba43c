import type { V1Node, V1Pod } from "@kubernetes/client-node";
import { whyNotBeside } from "./apart";
import { whyNot } from "./node";
import type { Obstacle } from "./obstacle";
import { nameOf, type PlacedPod, type PodToPlace } from "./pod";
import { amounts, freeOn, lacking, minus, type Resources } from "./resources";
import { whyNotSpread } from "./spread";

export interface Place {
  readonly nodes: readonly V1Node[];
  /** What runs on a node, by its name. A node that is not in it counts as empty. */
  readonly running: ReadonlyMap<string, readonly V1Pod[]>;
}

export interface Placed {
  /** A node for each replica that has one. */
  readonly nodes: readonly V1Node[];
  /** By node, why it cannot take the next replica; of no use where all have a node. */
  readonly whyNot: (node: V1Node) => Obstacle | undefined;
}

/**
 * Gives replicas nodes one after another, as the scheduler does, each the node with the fewest of them; `beside` stay where
 * they are meanwhile.
 */
export function placed(
  pod: PodToPlace,
  replicas: number,
  { nodes, running }: Place,
  beside: readonly PlacedPod[] = [],
): Placed {
  const { labels = {}, requests = {}, priority = 0 } = pod;
  const fitting = new Map(nodes.map((node) => [node, whyNot(node, pod)]));
  const free = new Map(nodes.map((node) => [node, freeOn(node, running.get(nameOf(node)) ?? [], priority)]));
  const given: V1Node[] = [];
  const reason = (node: V1Node): Obstacle | undefined => {
    const others = [...beside, ...given.map((one) => ({ node: one, labels }))];
    return (
      fitting.get(node) ??
      whyNotRoom(node, requests, free.get(node) ?? {}) ??
      whyNotSpread(node, pod, others, nodes) ??
      whyNotBeside(node, pod, others)
    );
  };
  while (given.length < replicas) {
    const count = (node: V1Node) => given.filter((one) => one === node).length;
    const [node] = nodes
      .filter((one) => reason(one) === undefined)
      .sort((one, other) => count(one) - count(other));
    if (!node) break;
    given.push(node);
    free.set(node, minus(free.get(node) ?? {}, requests));
  }
  return { nodes: given, whyNot: reason };
}

function whyNotRoom({ status }: V1Node, requests: Resources, free: Resources): Obstacle | undefined {
  const resource = lacking(requests, free);
  if (resource === undefined) return undefined;
  return {
    kind: "room",
    resource,
    asked: resource === "pods" ? 1 : (requests[resource] ?? 0),
    left: Math.max(free[resource] ?? 0, 0),
    all: amounts(status?.allocatable)[resource] ?? 0,
  };
}
