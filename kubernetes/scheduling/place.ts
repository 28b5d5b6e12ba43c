import type { V1Node } from "@kubernetes/client-node";
import { whyNotBeside } from "./apart";
import { whyNot } from "./node";
import type { Obstacle } from "./obstacle";
import { nameOf, type Place, type PlacedPod, type PodToPlace } from "./pod";
import { amounts, freeOn, lacking, minus, type Resources } from "./resources";
import { whyNotSpread } from "./spread";
import { whyNotWith } from "./together";

export interface Placed {
  /** A node for each replica that has one. */
  readonly nodes: readonly V1Node[];
  /** By node, why it cannot take the next replica; of no use where all have a node. */
  readonly whyNot: (node: V1Node) => Obstacle | undefined;
}

/**
 * Gives replicas nodes one after another, as the scheduler does, each the node with the fewest of them; `beside` stay where
 * they are meanwhile. Where a pod fits nowhere else, all pods of a lower priority make way on one node, also those that it
 * wants to be with.
 */
export function placed(
  pod: PodToPlace,
  replicas: number,
  { nodes, running, peers, furtherValues }: Place,
  beside: readonly PlacedPod[] = [],
): Placed {
  const { labels = {}, requests = {}, priority = 0 } = pod;
  const fitting = new Map(nodes.map((node) => [node, whyNot(node, pod)]));
  const given: V1Node[] = [];
  const cleared = new Set<string>();
  const free = (node: V1Node, isClear: boolean) => {
    const left = freeOn(node, running.get(nameOf(node)) ?? [], isClear ? priority : -Infinity);
    return given.filter((one) => one === node).reduce((rest) => minus(rest, requests), left);
  };
  const obstacle = (node: V1Node, isClear: boolean): Obstacle | undefined => {
    const isCleared = (name: string) => cleared.has(name) || (isClear && name === nameOf(node));
    const others = [...beside, ...given.map((one) => ({ node: one, labels }))];
    const staying = peers?.filter((peer) => !(peer.makesWay && isCleared(nameOf(peer.node))));
    return (
      fitting.get(node) ??
      whyNotRoom(node, requests, free(node, isCleared(nameOf(node)))) ??
      whyNotSpread(node, pod, others, { nodes, furtherValues }) ??
      whyNotBeside(node, pod, [...others, ...(staying ?? [])]) ??
      (staying && whyNotWith(node, pod, [...others, ...staying]))
    );
  };
  const emptiest = (isClear: boolean) => {
    const count = (node: V1Node) => given.filter((one) => one === node).length;
    return nodes
      .filter((node) => obstacle(node, isClear) === undefined)
      .sort((one, other) => count(one) - count(other))[0];
  };
  while (given.length < replicas) {
    const untouched = emptiest(false);
    const node = untouched ?? emptiest(true);
    if (!node) break;
    if (!untouched) cleared.add(nameOf(node));
    given.push(node);
  }
  return { nodes: given, whyNot: (node) => obstacle(node, false) && obstacle(node, true) };
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
