import type { Storage } from "../backends/backend";
import { nameOfStore, sameStore } from "../backends/stores";
import { isNearlyFull } from "../kubernetes/volume-stats";
import type { Finding, Findings, ImageLoss } from "./finding";
import { isLeft, type KeptImages } from "./kept-images";
import { doesMove, isMoved, notMovable } from "./moving";
import type { Ailment } from "./observed";
import type { RegistryPlan } from "./plan";
import type { LiveRegistry } from "./platform";

/** The checks that are the same whoever runs the registry. Pure: the same snapshot gives the same findings. */

/**
 * Images that nothing would have any more: errors, or warnings where the user accepts to lose just these. Those that are
 * taken along are not lost; where they cannot be, that is an error.
 */
export function imageLoss(images: KeptImages, live: LiveRegistry, plan: RegistryPlan): Findings {
  const moved = images.stores.filter((store) => isMoved(store, images, plan));
  const left = images.stores.filter((store) => !moved.includes(store));
  const lost = left.flatMap((store) => lossOf(store, images, plan));
  const unmoved = moved.flatMap((store) => notMovable(store, live, plan));
  return {
    errors: [...unmoved, ...lost.filter(({ isAccepted }) => !isAccepted)],
    warnings: lost.filter(({ isAccepted }) => isAccepted),
    notes: acceptance(plan),
  };
}

function lossOf(store: Storage, images: KeptImages, plan: RegistryPlan): ImageLoss[] {
  const { managementState, storage: asked } = plan;
  const { holdsImages, isDown } = images;
  // While the operator leaves the pods alone, they keep telling where their images are.
  if (holdsImages === false || (managementState === "Unmanaged" && !isDown)) return [];
  const isAccepted = plan.acceptImageLoss.includes(nameOfStore(store));
  const loss = { store, isKnown: holdsImages === true, isAccepted } as const;
  if (managementState === "Removed" && store.emptyDir)
    return [{ kind: "images go with the registry", field: "managementState", ...loss }];
  if (sameStore(store, asked)) {
    const changes = store.emptyDir && images.podChanges();
    return changes ? [{ kind: "images go with the pod", field: "backend", ...loss, changes }] : [];
  }
  if (!isLeft(store, images, plan)) return [];
  const canMove = managementState === "Managed" && doesMove(store, asked);
  return [{ kind: "images stay behind", field: "backend", ...loss, asked, isDown, canMove }];
}

/** An acceptance that was left on guards nothing any more. */
function acceptance({ acceptImageLoss: stores }: RegistryPlan): Finding[] {
  return stores.length ? [{ kind: "loss is accepted", field: "acceptImageLoss", stores }] : [];
}

/** What is wrong with a registry whatever is asked of it, and no up mends. */
export function ailments({ room }: Pick<LiveRegistry, "room">, unwell: readonly Ailment[]): Finding[] {
  const parts = unwell.map((part): Finding => ({ kind: "part is unwell", part }));
  return room && isNearlyFull(room) ? [...parts, { kind: "store is nearly full", room }] : parts;
}

/** Says so of a volume whose images go with its claim. One that the stack makes is put back anyway. */
export function reclaimWarnings(
  { volume, volumeInUse }: Pick<LiveRegistry, "volume" | "volumeInUse">,
  { backend }: Pick<RegistryPlan, "backend">,
): Finding[] {
  const own = backend.needs?.volume?.volumeName;
  const found = new Map([volume, volumeInUse].map((one) => [one?.metadata?.name ?? "", one]));
  return [...found].flatMap(([name, one]): Finding[] => {
    const { persistentVolumeReclaimPolicy: policy = "Retain", claimRef } = one?.spec ?? {};
    if (policy === "Retain" || name === own) return [];
    return [
      { kind: "volume is not retained", field: "pvc.claim", volume: name, policy, claim: claimRef?.name },
    ];
  });
}

/** The registry sends whoever pulls a layer to the object store itself, which not everybody reaches. */
export function unfollowedRedirect({ storage, settings, managementState }: RegistryPlan): Finding[] {
  const endpoint = storage.s3?.regionEndpoint;
  if (!endpoint || settings.disableRedirect || managementState !== "Managed") return [];
  const { protocol, hostname } = new URL(endpoint);
  const isInside = /\.svc(\.cluster\.local)?$|^[^.]+$/.test(hostname);
  if (!isInside && protocol === "https:") return [];
  const because = isInside ? "only pods know the name" : "plain HTTP";
  return [{ kind: "redirect is not followed", field: "s3.regionEndpoint", endpoint, because }];
}
