import type { V1PodAffinityTerm } from "@kubernetes/client-node";
import type { PlacedPod, PodToPlace } from "./pod";
import { matchesLabels } from "./selectors";

/** Terms of affinity to other pods, and which pods they are about. */

export type PodAffinityKind = "podAffinity" | "podAntiAffinity";

export function requiredTerms({ affinity }: PodToPlace, kind: PodAffinityKind): V1PodAffinityTerm[] {
  return affinity?.[kind]?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
}

/** Whether the term means a pod with these labels in this namespace. */
export function termMatches(
  term: V1PodAffinityTerm,
  pod: PodToPlace,
  { labels, namespace = pod.namespace ?? "" }: Pick<PlacedPod, "labels" | "namespace">,
): boolean {
  const { labelSelector, matchLabelKeys = [], mismatchLabelKeys = [] } = term;
  const own = pod.labels ?? {};
  const isSame = (key: string) => own[key] === undefined || own[key] === labels[key];
  const places = namespacesOf(term, pod);
  return (
    (places === "all" || (places?.includes(namespace) ?? false)) &&
    matchesLabels(labelSelector, labels) &&
    matchLabelKeys.every(isSame) &&
    mismatchLabelKeys.every((key) => own[key] === undefined || !isSame(key))
  );
}

/** Where the term's pods are; undefined where labels of namespaces say it, which are not known here. */
export function namespacesOf(
  { namespaces = [], namespaceSelector }: V1PodAffinityTerm,
  { namespace = "" }: PodToPlace,
): readonly string[] | "all" | undefined {
  if (namespaceSelector) {
    const { matchLabels = {}, matchExpressions = [] } = namespaceSelector;
    return Object.keys(matchLabels).length + matchExpressions.length === 0 ? "all" : undefined;
  }
  return namespaces.length ? namespaces : [namespace];
}
