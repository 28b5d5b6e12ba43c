import type { Finding, Storage } from "../backends/backend";
import { describeStorage, nameOfStore, sameStore } from "../backends/stores";
import { isNearlyFull } from "../kubernetes/volume-stats";
import type { RegistryPlan } from "./plan";
import type { Findings } from "./finding";
import type { Ailment } from "./observed";
import type { LiveRegistry } from "./platform";
import { ailmentText, fullText } from "./text";

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

/** What is wrong with a registry whatever is asked of it, and no up mends. */
export function ailments({ room }: Pick<LiveRegistry, "room">, unwell: readonly Ailment[]): Finding[] {
  const full = room && isNearlyFull(room) ? [`${fullText(room)}; pushes fail when it is full`] : [];
  return [...unwell.map(ailmentText), ...full].map((message) => ({ message }));
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

/** The registry sends whoever pulls a layer to the object store itself, which not everybody reaches. */
export function unfollowedRedirect({ storage, settings, managementState }: RegistryPlan): Finding[] {
  const endpoint = storage.s3?.regionEndpoint;
  if (!endpoint || settings.disableRedirect || managementState !== "Managed") return [];
  const { protocol, hostname } = new URL(endpoint);
  const inside = /\.svc(\.cluster\.local)?$|^[^.]+$/.test(hostname);
  if (!inside && protocol === "https:") return [];
  const why = inside
    ? "a name that only pods of the cluster know"
    : "plain HTTP, which they take for an attack";
  const message =
    `pulls are redirected to ${endpoint}, ${why}: nodes and clients cannot follow; set registry.disableRedirect: true, ` +
    `and the registry hands layers out itself`;
  return [{ field: "s3.regionEndpoint", message }];
}
