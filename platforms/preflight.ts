import type { V1Node } from "@kubernetes/client-node";
import type { Finding, Storage } from "../backends/backend";
import { describeStorage, sameStore, storageInUse } from "../backends/stores";
import { eligibleNodes, whyNot } from "../kubernetes/nodes";
import type { RegistryPlan } from "./plan";
import type { Findings, LiveRegistry } from "./platform";

/** The checks that are the same whoever runs the registry. Pure: the same snapshot gives the same findings. */

type Images = Pick<LiveRegistry, "deployment" | "holdsImages" | "volumeInUse">;

/** Images that nothing would have any more. */
export function imageLoss(live: Images, plan: RegistryPlan): Finding[] {
  const inUse = storageInUse(live.deployment);
  if (!inUse || plan.acceptImageLoss || plan.managementState === "Unmanaged" || live.holdsImages === false)
    return [];
  const known = live.holdsImages ? "" : " (the cluster does not say whether any were pushed)";
  if (plan.managementState === "Removed") {
    if (!inUse.emptyDir) return [];
    const message =
      `"Removed" deletes the pods, and with them the images in their emptyDir${known}; ` +
      `copy them elsewhere first, then say acceptImageLoss: true`;
    return [{ field: "managementState", message }];
  }
  if (sameStore(inUse, plan.storage) || sharesFiles(live, inUse, plan)) return [];
  const message =
    `the registry now keeps its images in ${describeStorage(inUse)}, and ${describeStorage(plan.storage)} would not have ` +
    `them${known}; copy them over first, then say acceptImageLoss: true`;
  return [{ field: "backend", message }];
}

// Two claims on one export have the same files.
function sharesFiles({ volumeInUse }: Images, inUse: Storage, { backend }: RegistryPlan): boolean {
  return !!inUse.pvc && !!volumeInUse && backend.sharesFiles?.(volumeInUse) === true;
}

/** Says so when a pod that keeps its images in an emptyDir would be replaced: they go with it, unasked. */
export function emptyDirReplaced(
  { deployment, holdsImages }: Pick<LiveRegistry, "deployment" | "holdsImages">,
  { managementState, storage }: Pick<RegistryPlan, "managementState" | "storage">,
  changes: () => string[],
): Finding[] {
  const stays = managementState === "Managed" && storage.emptyDir && storageInUse(deployment)?.emptyDir;
  const changed = stays && holdsImages !== false ? changes() : [];
  if (changed.length === 0) return [];
  const message = `the pod is replaced for ${changed.join(", ")}, and the images in its emptyDir go with it`;
  return [{ field: "backend", message }];
}

/** Says so of a volume whose images go with its claim. One that the stack makes is put back anyway. */
export function reclaimWarnings(
  { volume, volumeInUse }: Pick<LiveRegistry, "volume" | "volumeInUse">,
  { backend }: Pick<RegistryPlan, "backend">,
): Finding[] {
  const own = backend.needs?.volume?.volumeName;
  const found = new Map([volume, volumeInUse].map((one) => [one?.metadata?.name, one]));
  return [...found].flatMap(([name, one]) => {
    const { persistentVolumeReclaimPolicy: policy = "Retain", claimRef } = one?.spec ?? {};
    if (policy === "Retain" || name === own) return [];
    const message =
      `volume "${name}" has reclaim policy ${policy}: once its claim "${claimRef?.name}" is deleted, its images are ` +
      `${policy === "Recycle" ? "removed with rm -rf" : "deleted with the volume"}; to keep them: ` +
      `oc patch pv ${name} -p '{"spec":{"persistentVolumeReclaimPolicy":"Retain"}}'`;
    return [{ field: "pvc.claim", message }];
  });
}

/** Nodes that are missing, or too few; nothing is wrong with few as long as the registry serves the plan. */
export function nodeFindings(found: readonly V1Node[], plan: RegistryPlan, serves: boolean): Findings {
  const none = { errors: [], warnings: [] };
  if (plan.managementState !== "Managed") return none;
  const unknown = plan.nodesToLabel.filter((name) => !found.some(({ metadata }) => metadata?.name === name));
  if (unknown.length) {
    const errors = unknown.map((name) => ({
      field: "placement.nodes",
      message: `the cluster has no node "${name}"`,
    }));
    return { ...none, errors };
  }
  const nodes = found.map((node) => asLabelled(node, plan));
  const needed = plan.replicas === 2 && !plan.ownAffinity ? 2 : 1;
  const eligible = eligibleNodes(nodes, plan.placement).length;
  if (eligible >= needed) return none;
  const message =
    `${plan.replicas} need ${needed} node${needed > 1 ? "s (the operator keeps two replicas apart)" : ""}, and ` +
    `${eligible} can take the registry's pods (nodeSelector ${selectorText(plan)}): ${whyNotText(nodes, plan)}`;
  const finding = { field: "replicas", message };
  // Nodes are cordoned and rebooted one by one all the time: nothing is wrong as long as no pod has to move.
  return serves ? { ...none, warnings: [finding] } : { ...none, errors: [finding] };
}

function asLabelled(node: V1Node, { nodesToLabel, placement }: RegistryPlan): V1Node {
  if (!nodesToLabel.includes(node.metadata?.name ?? "")) return node;
  const labels = { ...node.metadata?.labels, ...placement.nodeSelector };
  return { ...node, metadata: { ...node.metadata, labels } };
}

function selectorText({ placement }: RegistryPlan): string {
  const labels = Object.entries(placement.nodeSelector).map(([key, value]) => `${key}=${value}`);
  return labels.join(",") || "any";
}

function whyNotText(nodes: readonly V1Node[], { placement }: RegistryPlan): string {
  if (nodes.length === 0) return "no node has these labels";
  const shown = nodes.slice(0, 8).map((node) => `${node.metadata?.name} ${whyNot(node, placement) ?? "can"}`);
  const more = nodes.length - shown.length;
  return [...shown, ...(more > 0 ? [`and ${more} more`] : [])].join("; ");
}
