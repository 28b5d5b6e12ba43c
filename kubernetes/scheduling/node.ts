import type { V1Node, V1PersistentVolume } from "@kubernetes/client-node";
import type { PodToPlace } from "./pod";
import { matchesNode, selectorText } from "./selectors";
import { isCordon, repellingTaint, taintText, tolerationText } from "./taints";

/** The nodes that a pod could be scheduled on now, were they empty. */
export function eligibleNodes(nodes: readonly V1Node[], pod: PodToPlace): V1Node[] {
  return nodes.filter((node) => whyNot(node, pod) === undefined);
}

/**
 * Why a node cannot take the pod whatever else runs, or undefined when it can. By the rules of the scheduler's filters
 * NodeAffinity, NodeUnschedulable, TaintToleration, VolumeBinding and VolumeZone; that a node is not ready it
 * knows by taints.
 */
export function whyNot(node: V1Node, pod: PodToPlace): string | undefined {
  return (
    whyNotLabels(node, pod) ??
    whyNotTaints(node, pod) ??
    whyNotReady(node) ??
    whyNotAffinity(node, pod) ??
    (pod.volume && whyNotVolume(node, pod.volume))
  );
}

function whyNotLabels({ metadata }: V1Node, { nodeSelector }: PodToPlace): string | undefined {
  const labels = metadata?.labels ?? {};
  const [key, value] = Object.entries(nodeSelector).find(([key, value]) => labels[key] !== value) ?? [];
  if (key === undefined) return undefined;
  const is = labels[key];
  return is === undefined
    ? `lacks label ${key}=${value}`
    : `has label ${key}=${is || '""'}, asked is ${key}=${value || '""'}`;
}

function whyNotTaints(node: V1Node, { tolerations }: PodToPlace): string | undefined {
  const taint = repellingTaint(node, tolerations);
  if (!taint) return undefined;
  if (isCordon(taint)) return "is cordoned";
  const near = tolerations.filter(({ key }) => key === taint.key).map(tolerationText);
  const instead = near.length ? ` (tolerated is ${near.join(", ")})` : "";
  return `has taint ${taintText(taint)}, which is not tolerated${instead}`;
}

function whyNotReady({ status }: V1Node): string | undefined {
  return status?.conditions?.find(({ type }) => type === "Ready")?.status === "True"
    ? undefined
    : "is not ready";
}

function whyNotAffinity(node: V1Node, { affinity }: PodToPlace): string | undefined {
  const required = affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  return !required || matchesNode(required, node)
    ? undefined
    : `does not match the node affinity (${selectorText(required)})`;
}

/** A local or zonal volume is there for some nodes only. */
export function whyNotVolume(node: V1Node, { metadata, spec }: V1PersistentVolume): string | undefined {
  const required = spec?.nodeAffinity?.required;
  const name = `volume "${metadata?.name}"`;
  if (required && !matchesNode(required, node))
    return `does not reach ${name}, which is where ${selectorText(required)}`;
  return whyNotZone(node, { metadata }, name);
}

const topologyLabels = [
  "topology.kubernetes.io/zone",
  "topology.kubernetes.io/region",
  "failure-domain.beta.kubernetes.io/zone",
  "failure-domain.beta.kubernetes.io/region",
];

// Volumes of older drivers name their zones in labels, several with "__" between them; a node without any fits them all.
function whyNotZone(
  { metadata }: V1Node,
  volume: Pick<V1PersistentVolume, "metadata">,
  name: string,
): string | undefined {
  const labels = metadata?.labels ?? {};
  if (!topologyLabels.some((key) => key in labels)) return undefined;
  const wrong = Object.entries(volume.metadata?.labels ?? {}).find(
    ([key, value]) =>
      topologyLabels.includes(key) && !value.split("__").includes(currentOf(labels, key) ?? ""),
  );
  return wrong && `does not reach ${name}, which is in ${wrong[0]}=${wrong[1]}`;
}

/** The older name of a topology label counts for the newer one. */
function currentOf(labels: Readonly<Record<string, string>>, key: string): string | undefined {
  return labels[key] ?? labels[key.replace("failure-domain.beta.", "topology.")];
}
