import type { V1Node, V1PersistentVolume } from "@kubernetes/client-node";
import type { Obstacle } from "./obstacle";
import { labelsOf, nameOf, type PodToPlace } from "./pod";
import { matchesNode } from "./selectors";
import { evictingTaint, isCordon, repellingTaint } from "./taints";

/** The nodes that a pod could be scheduled on now, were they empty. */
export function eligibleNodes(nodes: readonly V1Node[], pod: PodToPlace): V1Node[] {
  return nodes.filter((node) => whyNot(node, pod) === undefined);
}

/**
 * Why a node cannot take the pod whatever else runs, or undefined when it can. By the rules of the scheduler's filters
 * NodeAffinity, NodeUnschedulable, TaintToleration, VolumeBinding and VolumeZone; that a node is not ready it
 * knows by taints. A node that the pod could come to and not stay on is none either.
 *
 * How many more volumes of a CSI driver a node can attach is not asked: the answer is in the CSINode and in the claims of
 * all namespaces, which a stack's user may not read. The scheduler's own message tells, at the end of the up.
 */
export function whyNot(node: V1Node, pod: PodToPlace): Obstacle | undefined {
  return (
    whyNotLabels(node, pod) ??
    whyNotTaints(node, pod) ??
    whyNotStay(node, pod) ??
    whyNotReady(node) ??
    whyNotAffinity(node, pod) ??
    (pod.volume && whyNotVolume(node, pod.volume))
  );
}

function whyNotLabels(node: V1Node, { nodeSelector }: PodToPlace): Obstacle | undefined {
  const labels = labelsOf(node);
  const wanted = Object.entries(nodeSelector).find(([key, value]) => labels[key] !== value);
  return wanted && { kind: "label", key: wanted[0], is: labels[wanted[0]], asked: wanted[1] };
}

function whyNotTaints(node: V1Node, { tolerations }: PodToPlace): Obstacle | undefined {
  const taint = repellingTaint(node, tolerations);
  if (!taint) return undefined;
  if (isCordon(taint)) return { kind: "cordoned" };
  return { kind: "taint", is: taint, tolerated: tolerations.filter(({ key }) => key === taint.key) };
}

function whyNotStay(node: V1Node, { tolerations }: PodToPlace): Obstacle | undefined {
  const evicting = evictingTaint(node, tolerations);
  return evicting && { kind: "taint evicts", is: evicting.taint, seconds: evicting.seconds };
}

function whyNotReady({ status, metadata }: V1Node): Obstacle | undefined {
  if (metadata?.deletionTimestamp) return { kind: "goes" };
  return status?.conditions?.find(({ type }) => type === "Ready")?.status === "True"
    ? undefined
    : { kind: "not ready" };
}

function whyNotAffinity(node: V1Node, { affinity }: PodToPlace): Obstacle | undefined {
  const required = affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  return !required || matchesNode(required, node) ? undefined : { kind: "node affinity", asked: required };
}

/** A local or zonal volume is there for some nodes only. */
export function whyNotVolume(node: V1Node, volume: V1PersistentVolume): Obstacle | undefined {
  const required = volume.spec?.nodeAffinity?.required;
  if (required && !matchesNode(required, node))
    return { kind: "volume", volume: nameOf(volume), where: required };
  return whyNotZone(node, volume);
}

const topologyLabels = [
  "topology.kubernetes.io/zone",
  "topology.kubernetes.io/region",
  "failure-domain.beta.kubernetes.io/zone",
  "failure-domain.beta.kubernetes.io/region",
];

// Volumes of older drivers name their zones in labels, several with "__" between them; a node without any fits them all.
function whyNotZone(node: V1Node, volume: V1PersistentVolume): Obstacle | undefined {
  const labels = labelsOf(node);
  if (!topologyLabels.some((key) => key in labels)) return undefined;
  const wrong = Object.entries(labelsOf(volume)).find(
    ([key, value]) =>
      topologyLabels.includes(key) && !value.split("__").includes(currentOf(labels, key) ?? ""),
  );
  return wrong && { kind: "zone", volume: nameOf(volume), key: wrong[0], value: wrong[1] };
}

/** The older name of a topology label counts for the newer one. */
function currentOf(labels: Readonly<Record<string, string>>, key: string): string | undefined {
  return labels[key] ?? labels[key.replace("failure-domain.beta.", "topology.")];
}
