import type { V1Node, V1PersistentVolume, V1PersistentVolumeClaim, V1PodSpec } from "@kubernetes/client-node";
import type { Storage } from "../backends/backend";
import { parseQuantity } from "../kubernetes/quantity";
import { nameOf } from "../kubernetes/scheduling/pod";
import { whyNotVolume } from "../kubernetes/scheduling/node";
import type { MoveFinding } from "./finding";
import type { Move } from "./image-move";
import { isLeft, type KeptImages } from "./kept-images";
import type { LiveRegistry } from "./platform";
import type { RegistryPlan } from "./plan";

/** Whether and how images go along when a stack changes the store. Pure, as all of the checks; images/ does it. */

type Found = Pick<LiveRegistry, "deployment" | "claims" | "pods" | "nodes" | "volume" | "volumeInUse">;

/** Whether the images of this store are to be taken along: they are then not lost, if they can be. */
export function isMoved(store: Storage, kept: KeptImages, plan: RegistryPlan): boolean {
  return plan.copyImages && plan.managementState === "Managed" && isLeft(store, kept, plan);
}

/** Whether images can be copied from the one store to the other. */
export function doesMove(from: Storage, to: Storage): boolean {
  return (from.emptyDir ?? from.pvc) !== undefined && to.pvc !== undefined;
}

/** Why images cannot be taken along, although copyImages asks for it. */
export function notMovable(from: Storage, live: Found, plan: RegistryPlan): MoveFinding[] {
  const field = "copyImages";
  if (!doesMove(from, plan.storage)) return [{ kind: "store does not move", field, from, to: plan.storage }];
  if (!live.deployment) return [{ kind: "mover has no image", field, from }];
  if (from.emptyDir && (live.deployment.spec?.replicas ?? 0) > 1)
    return [{ kind: "emptyDirs are several", field }];
  return claimsApart(from, live, plan);
}

/** The mover has both claims mounted, so one node must be able to. */
function claimsApart(from: Storage, live: Found, plan: RegistryPlan): MoveFinding[] {
  const { volume: target, volumeInUse: source, nodes } = live;
  if (!from.pvc || nodes.length === 0) return [];
  const apart = {
    kind: "claims share no node",
    field: "copyImages",
    from: from.pvc.claim ?? "",
    to: plan.storage.pvc?.claim ?? "",
  } as const;
  const obstacle = (node: V1Node, volume: V1PersistentVolume | undefined) =>
    volume && whyNotVolume(node, volume);
  const holder = nodes.find((node) => nameOf(node) === nodeOf(from, live));
  if (holder) {
    const found = obstacle(holder, target);
    return found ? [{ ...apart, holder: { node: nameOf(holder), obstacle: found } }] : [];
  }
  return nodes.some((node) => !obstacle(node, source) && !obstacle(node, target)) ? [] : [apart];
}

/** What is to be moved by this run; nothing where copyImages is not set, or nothing would be left behind. */
export function moveOf(kept: KeptImages, live: Found, plan: RegistryPlan, pod: V1PodSpec): Move | undefined {
  const targetClaim = plan.storage.pvc?.claim;
  const from = kept.stores.find((store) => isMoved(store, kept, plan));
  if (!from || !targetClaim) return undefined;
  const targetBytes = bytesOf(live.claims.find(isNamed(targetClaim)), live.volume);
  return { namespace: plan.namespace, from, targetClaim, targetBytes, node: nodeOf(from, live), pod };
}

const isNamed =
  (name: string) =>
  ({ metadata }: V1PersistentVolumeClaim) =>
    metadata?.name === name;

function nodeOf({ pvc }: Storage, { claims, pods }: Found): string | undefined {
  const claim = pvc && claims.find(isNamed(pvc.claim ?? ""));
  const isShared = claim?.spec?.accessModes?.includes("ReadWriteMany") ?? false;
  return pvc && !isShared ? pods.find(({ spec }) => spec?.nodeName)?.spec?.nodeName : undefined;
}

// What an export holds is its host's to say, whatever its volume is called.
function bytesOf(claim: V1PersistentVolumeClaim | undefined, volume: V1PersistentVolume | undefined) {
  if (!claim || volume?.spec?.nfs) return undefined;
  const { status, spec } = claim;
  const size = status?.capacity?.["storage"] ?? spec?.resources?.requests?.["storage"];
  return size === undefined ? undefined : parseQuantity(size);
}
