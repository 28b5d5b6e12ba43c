import type { V1Node } from "@kubernetes/client-node";
import type { Finding, Storage } from "../backends/backend";
import { describeStorage, nameOfStore, sameStore } from "../backends/stores";
import { eligibleNodes, whyNot } from "../kubernetes/nodes";
import type { RegistryPlan } from "./plan";
import type { Findings, LiveRegistry } from "./platform";

/** The checks that are the same whoever runs the registry. Pure: the same snapshot gives the same findings. */

/** Where images are now. */
export interface KeptImages extends Pick<LiveRegistry, "holdsImages" | "volumeInUse"> {
  /** One a storage. */
  readonly stores: readonly Storage[];
  /** No pod runs: what is asked of the registry is all that tells where its images are. */
  readonly isDown: boolean;
  /** What replaces the pod of an emptyDir that stays. */
  readonly podChanges: () => string[];
}

/** Images that nothing would have any more: errors, or warnings where the user accepts to lose just these. */
export function imageLoss(images: KeptImages, plan: RegistryPlan): Findings {
  const lost = images.stores.flatMap((store) => lossOf(store, images, plan));
  const isAccepted = ({ store }: Loss) => plan.acceptImageLoss.includes(nameOfStore(store));
  const warnings = lost
    .filter(isAccepted)
    .map(({ field, message }) => ({ field, message: accepted(message) }));
  const errors = lost
    .filter((loss) => !isAccepted(loss))
    .map(({ store, field, message }) => ({ field, message: `${message}; ${wayOut(store)}` }));
  return { errors, warnings, notes: on(plan) };
}

interface Loss extends Finding {
  readonly store: Storage;
}

function lossOf(store: Storage, images: KeptImages, plan: RegistryPlan): Loss[] {
  const { managementState } = plan;
  const { holdsImages, isDown } = images;
  // While the operator leaves the pods alone, they keep telling where their images are.
  if (holdsImages === false || (managementState === "Unmanaged" && !isDown)) return [];
  const known = holdsImages ? "" : " (the cluster does not say whether any were pushed)";
  const loss = (field: string, message: string) => [{ store, field, message }];
  if (managementState === "Removed" && store.emptyDir)
    return loss(
      "managementState",
      `"Removed" deletes the pods, and with them the images in their emptyDir${known}`,
    );
  if (sameStore(store, plan.storage)) {
    const changed = store.emptyDir ? images.podChanges() : [];
    if (changed.length === 0) return [];
    return loss(
      "backend",
      `the pod is replaced for ${changed.join(", ")}, and the images in its emptyDir go with it${known}`,
    );
  }
  if (sharesFiles(images, store, plan)) return [];
  const where = isDown ? "the registry is down, and its images are" : "the registry now keeps its images";
  return loss(
    "backend",
    `${where} in ${describeStorage(store)}, and ${describeStorage(plan.storage)} would not have them${known}`,
  );
}

function wayOut(store: Storage): string {
  return `copy them elsewhere first, then say acceptImageLoss: ${nameOfStore(store)}`;
}

function accepted(message: string): string {
  return `${message}; acceptImageLoss says that this is meant`;
}

/** An acceptance that was left on guards nothing any more. */
function on({ acceptImageLoss }: RegistryPlan): Finding[] {
  if (acceptImageLoss.length === 0) return [];
  const message = `is on for ${acceptImageLoss.join(", ")}: nothing that loses the images there is refused`;
  return [{ field: "acceptImageLoss", message }];
}

// Two claims on one export have the same files.
function sharesFiles({ volumeInUse }: KeptImages, store: Storage, { backend }: RegistryPlan): boolean {
  return !!store.pvc && !!volumeInUse && backend.sharesFiles?.(volumeInUse) === true;
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
