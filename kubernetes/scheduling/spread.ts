import type { V1Node, V1TopologySpreadConstraint } from "@kubernetes/client-node";
import type { Obstacle } from "./obstacle";
import { labelsOf, type Place, type PlacedPod, type PodToPlace } from "./pod";
import { matchesLabels, matchesNode } from "./selectors";
import { repellingTaint } from "./taints";

/** Why the pod may not go to the node as long as its replicas are where they are: the scheduler's PodTopologySpread. */
export function whyNotSpread(
  node: V1Node,
  pod: PodToPlace,
  placed: readonly PlacedPod[],
  { nodes, furtherValues }: Pick<Place, "nodes" | "furtherValues">,
): Obstacle | undefined {
  const constraints = requiredSpread(pod);
  for (const constraint of constraints) {
    const { topologyKey, maxSkew, minDomains = 1 } = constraint;
    const here = labelsOf(node)[topologyKey];
    if (here === undefined) return { kind: "no domain", topologyKey };
    const counts = countsOf(constraint, pod, placed, countedNodes(constraint, pod, nodes, constraints));
    // Among nodes that were not looked at, one may have a value under which no replica is.
    const hasEmpty = counts.size < minDomains || furtherValues?.has(topologyKey);
    const least = hasEmpty ? 0 : Math.min(...counts.values());
    const skew = (counts.get(here) ?? 0) + Number(matches(constraint, pod, pod.labels ?? {})) - least;
    if (skew > maxSkew)
      return { kind: "skew", topologyKey, is: skew, asked: maxSkew, emptiest: emptiest(counts) };
  }
  return undefined;
}

export function requiredSpread({ topologySpreadConstraints = [] }: PodToPlace): V1TopologySpreadConstraint[] {
  return topologySpreadConstraints.filter(({ whenUnsatisfiable }) => whenUnsatisfiable === "DoNotSchedule");
}

/** The nodes whose values are counted, whether the pod could go to them or not. */
function countedNodes(
  { nodeAffinityPolicy = "Honor", nodeTaintsPolicy = "Ignore" }: V1TopologySpreadConstraint,
  pod: PodToPlace,
  nodes: readonly V1Node[],
  all: readonly V1TopologySpreadConstraint[],
): V1Node[] {
  return nodes.filter(
    (node) =>
      all.every(({ topologyKey }) => topologyKey in labelsOf(node)) &&
      (nodeAffinityPolicy === "Ignore" || isChosen(node, pod)) &&
      (nodeTaintsPolicy === "Ignore" || !repellingTaint(node, pod.tolerations)),
  );
}

function isChosen(node: V1Node, { nodeSelector, affinity }: PodToPlace): boolean {
  const labels = labelsOf(node);
  const required = affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  return (
    Object.entries(nodeSelector).every(([key, value]) => labels[key] === value) &&
    (!required || matchesNode(required, node))
  );
}

function countsOf(
  constraint: V1TopologySpreadConstraint,
  pod: PodToPlace,
  placed: readonly PlacedPod[],
  counted: readonly V1Node[],
): Map<string, number> {
  const { topologyKey } = constraint;
  const counts = new Map(counted.map((node) => [labelsOf(node)[topologyKey] ?? "", 0]));
  for (const { node, labels } of placed) {
    const value = labelsOf(node)[topologyKey];
    if (value === undefined || !counted.includes(node) || !matches(constraint, pod, labels)) continue;
    counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  return counts;
}

function matches(
  { labelSelector, matchLabelKeys = [] }: V1TopologySpreadConstraint,
  pod: PodToPlace,
  labels: Readonly<Record<string, string>>,
): boolean {
  const own = pod.labels ?? {};
  return (
    matchesLabels(labelSelector, labels) &&
    matchLabelKeys.every((key) => own[key] === undefined || own[key] === labels[key])
  );
}

function emptiest(counts: ReadonlyMap<string, number>): string | undefined {
  return [...counts].sort(([, one], [, other]) => one - other)[0]?.[0];
}
