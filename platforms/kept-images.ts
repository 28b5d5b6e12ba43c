import type { Storage } from "../backends/backend";
import { sameStore } from "../backends/stores";
import type { ChangedField } from "./observed";
import type { RegistryPlan } from "./plan";
import type { LiveRegistry } from "./platform";

/** Where images are now. */
export interface KeptImages extends Pick<LiveRegistry, "holdsImages" | "volumeInUse"> {
  /** One a storage. */
  readonly stores: readonly Storage[];
  /** No pod runs: what is asked of the registry is all that tells where its images are. */
  readonly isDown: boolean;
  /** What replaces the pod of an emptyDir that stays; undefined where nothing does, empty where it cannot be told what. */
  readonly podChanges: () => readonly ChangedField[] | undefined;
}

/** Whether the plan keeps images elsewhere than in this store, which has some or may have. */
export function isLeft(store: Storage, images: KeptImages, plan: RegistryPlan): boolean {
  const { holdsImages, isDown, volumeInUse } = images;
  // While the operator leaves the pods alone, they keep telling where their images are.
  if (holdsImages === false || (plan.managementState === "Unmanaged" && !isDown)) return false;
  // Two claims on one export have the same files.
  const sharesFiles = !!store.pvc && !!volumeInUse && plan.backend.sharesFiles?.(volumeInUse) === true;
  return !sameStore(store, plan.storage) && !sharesFiles;
}
