import type { V1Node, V1Taint, V1Toleration } from "@kubernetes/client-node";

/** The first taint that keeps a pod with these tolerations off the node. */
export function repellingTaint(node: V1Node, tolerations: readonly V1Toleration[]): V1Taint | undefined {
  return taintsOf(node).find((taint) => repels(taint) && !tolerations.some((one) => tolerates(one, taint)));
}

// The scheduler knows a cordoned node by the field, the node controller's taint for it comes a moment later.
function taintsOf({ spec }: V1Node): V1Taint[] {
  const taints = spec?.taints ?? [];
  return spec?.unschedulable && !taints.some(isCordon) ? [cordon, ...taints] : taints;
}

const cordon: V1Taint = { key: "node.kubernetes.io/unschedulable", effect: "NoSchedule" };

export function isCordon({ key }: V1Taint): boolean {
  return key === cordon.key;
}

/**
 * A taint that lets the pod come, and drives it off again after the toleration's seconds: it would come and go for ever.
 * Of several tolerations the first that matches counts, as to the node's own controller.
 */
export function evictingTaint(
  node: V1Node,
  tolerations: readonly V1Toleration[],
): { readonly taint: V1Taint; readonly seconds: number } | undefined {
  for (const taint of taintsOf(node).filter(({ effect }) => effect === "NoExecute")) {
    const seconds = tolerations.find((one) => tolerates(one, taint))?.tolerationSeconds;
    if (seconds !== undefined) return { taint, seconds };
  }
  return undefined;
}

/** PreferNoSchedule only asks the scheduler to prefer others. */
export function repels({ effect }: V1Taint): boolean {
  return effect === "NoSchedule" || effect === "NoExecute";
}

/** The API's own rule (core/v1 Toleration): an empty key with Exists matches every taint, an empty effect every effect. */
export function tolerates(toleration: V1Toleration, taint: V1Taint): boolean {
  if (toleration.effect && toleration.effect !== taint.effect) return false;
  if (!toleration.key) return toleration.operator === "Exists";
  if (toleration.key !== taint.key) return false;
  return toleration.operator === "Exists" || (toleration.value ?? "") === (taint.value ?? "");
}
