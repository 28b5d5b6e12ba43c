import type { V1Node, V1PodAffinityTerm } from "@kubernetes/client-node";
import type { Obstacle } from "./obstacle";
import { type Labels, labelsOf, type PlacedPod, type PodToPlace } from "./pod";
import { matchesLabels } from "./selectors";

/** Why the pod may not be where these replicas are, by the anti-affinity that it must have. */
export function whyNotBeside(
  node: V1Node,
  pod: PodToPlace,
  placed: readonly PlacedPod[],
): Obstacle | undefined {
  const term = requiredTerms(pod).find(({ topologyKey, ...rest }) => {
    const here = labelsOf(node)[topologyKey];
    return (
      here !== undefined &&
      placed.some(
        (other) =>
          labelsOf(other.node)[topologyKey] === here &&
          repelsLabels({ topologyKey, ...rest }, pod, other.labels),
      )
    );
  });
  return term && { kind: "replica beside", topologyKey: term.topologyKey };
}

/** Whether anything asks for two replicas to be on different nodes, by force or by preference. */
export function areKeptApart(pod: PodToPlace): boolean {
  const { labels = {}, topologySpreadConstraints = [] } = pod;
  const terms = [...requiredTerms(pod), ...preferredTerms(pod)];
  return (
    terms.some((term) => repelsLabels(term, pod, labels)) ||
    topologySpreadConstraints.some(({ labelSelector }) => matchesLabels(labelSelector, labels))
  );
}

/** Whether a term of the anti-affinity names no pods: to the API that is none, and not all. */
export function hasTermWithoutSelector(pod: PodToPlace): boolean {
  return [...requiredTerms(pod), ...preferredTerms(pod)].some(({ labelSelector }) => !labelSelector);
}

function requiredTerms({ affinity }: PodToPlace): V1PodAffinityTerm[] {
  return affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
}

function preferredTerms({ affinity }: PodToPlace): V1PodAffinityTerm[] {
  const preferred = affinity?.podAntiAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
  return preferred.map(({ podAffinityTerm }) => podAffinityTerm);
}

function repelsLabels(term: V1PodAffinityTerm, pod: PodToPlace, other: Labels): boolean {
  const { labelSelector, matchLabelKeys = [], mismatchLabelKeys = [] } = term;
  const own = pod.labels ?? {};
  const isSame = (key: string) => own[key] === undefined || own[key] === other[key];
  return (
    isInNamespace(term, pod) &&
    matchesLabels(labelSelector, other) &&
    matchLabelKeys.every(isSame) &&
    mismatchLabelKeys.every((key) => own[key] === undefined || !isSame(key))
  );
}

// Without both it is the pod's own; an empty namespaceSelector is every one. Labels of namespaces are not known here.
function isInNamespace(
  { namespaces = [], namespaceSelector }: V1PodAffinityTerm,
  { namespace = "" }: PodToPlace,
): boolean {
  if (namespaces.includes(namespace)) return true;
  if (namespaceSelector) return Object.keys(namespaceSelector).length === 0;
  return namespaces.length === 0;
}
