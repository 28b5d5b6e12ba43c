import type { V1Node, V1PodAffinityTerm } from "@kubernetes/client-node";
import { requiredTerms, termMatches } from "./affinity";
import type { Obstacle } from "./obstacle";
import { labelsOf, type PlacedPod, type PodToPlace } from "./pod";
import { matchesLabels } from "./selectors";

/** Why the pod may not be where these pods are, by the anti-affinity that it must have. */
export function whyNotBeside(
  node: V1Node,
  pod: PodToPlace,
  placed: readonly PlacedPod[],
): Obstacle | undefined {
  for (const term of requiredTerms(pod, "podAntiAffinity")) {
    const { topologyKey } = term;
    const here = labelsOf(node)[topologyKey];
    const other = placed.find(
      (one) => labelsOf(one.node)[topologyKey] === here && termMatches(term, pod, one),
    );
    if (here === undefined || !other) continue;
    if (other.namespace === undefined) return { kind: "replica beside", topologyKey };
    return { kind: "pod beside", topologyKey, namespace: other.namespace };
  }
  return undefined;
}

/** Whether anything asks for two replicas to be on different nodes, by force or by preference. */
export function areKeptApart(pod: PodToPlace): boolean {
  const { labels = {}, topologySpreadConstraints = [] } = pod;
  return (
    allTerms(pod).some((term) => termMatches(term, pod, { labels })) ||
    topologySpreadConstraints.some(({ labelSelector }) => matchesLabels(labelSelector, labels))
  );
}

/** Whether a term of the anti-affinity names no pods: to the API that is none, and not all. */
export function hasTermWithoutSelector(pod: PodToPlace): boolean {
  return allTerms(pod).some(({ labelSelector }) => !labelSelector);
}

function allTerms(pod: PodToPlace): V1PodAffinityTerm[] {
  const preferred = pod.affinity?.podAntiAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
  return [
    ...requiredTerms(pod, "podAntiAffinity"),
    ...preferred.map(({ podAffinityTerm }) => podAffinityTerm),
  ];
}
