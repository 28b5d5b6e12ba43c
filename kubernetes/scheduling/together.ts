import type { V1Node } from "@kubernetes/client-node";
import { namespacesOf, requiredTerms, termMatches } from "./affinity";
import type { Obstacle } from "./obstacle";
import { labelsOf, type PlacedPod, type PodToPlace } from "./pod";

/** Why the pod may not go where none of these pods is, by the affinity to pods that it must have. */
export function whyNotWith(
  node: V1Node,
  pod: PodToPlace,
  placed: readonly PlacedPod[],
): Obstacle | undefined {
  const terms = requiredTerms(pod, "podAffinity");
  // Which namespaces are meant is not known here, and so no pod that would do.
  if (terms.some((term) => namespacesOf(term, pod) === undefined)) return undefined;
  const meant = (other: Pick<PlacedPod, "labels" | "namespace">) =>
    terms.every((term) => termMatches(term, pod, other));
  const others = placed.filter(meant);
  // The first of pods that want to be together goes anywhere.
  const isFirst = others.length === 0 && meant({ labels: pod.labels ?? {} });
  const missed = terms.find(({ topologyKey }) => {
    const here = labelsOf(node)[topologyKey];
    const isThere = others.some((other) => labelsOf(other.node)[topologyKey] === here);
    return here === undefined || !(isFirst || isThere);
  });
  return (
    missed && { kind: "no pod beside", topologyKey: missed.topologyKey, asked: missed.labelSelector ?? {} }
  );
}
