import type { KubernetesObject } from "@kubernetes/client-node";
import { appliedBy } from "./managed-fields";

/**
 * Server-side apply knows its callers by name; these never change, or a stack would fight its own past. One patch, one
 * object: the provider writes its manager's name into the object's annotations, and two patches of one object would
 * each find the other's name there as drift, at every refresh.
 */
/** Owns a stack's part of the Config. */
export const registryManager = "image-registry-operator-patch";
export const placementManager = "image-registry-placement";
/** The same name: it was InfraPlacement that placed the pruner at first. */
export const prunerManager = placementManager;
export const storageManager = "image-registry-storage";
/** Frees a volume of a claim that was deleted. */
export const repairManager = "image-registry-storage-repair";
export const s3Manager = "image-registry-s3-credentials";
export const stackManager = "image-registry-stack";
export const standaloneManager = "image-registry-standalone";
/** The registry operator's own. */
export const operatorManager = "cluster-image-registry-operator";
/** Sends the merge patch that removes foreign storage backends. */
export const evictionManager = "image-registry-eviction";

/** How the provider is told which manager it applies an object as; one that is stable takes up what an earlier stack left. */
export function appliedAs(fieldManager: string): Record<string, string> {
  return { "pulumi.com/patchFieldManager": fieldManager };
}

const force = "pulumi.com/patchForce";

/** The same, and to take fields over from other managers. */
export function patchAnnotations(fieldManager: string): Record<string, string> {
  return { ...appliedAs(fieldManager), [force]: "true" };
}

/**
 * The same where the live object is somebody else's, or somebody took fields of it. It is then kept: to be told no longer
 * would be a change of the object.
 */
export function appliedOver(
  live: KubernetesObject | undefined,
  fieldManager: string,
  hasDrifted = false,
): Record<string, string> {
  const isOthers = live !== undefined && (hasDrifted || !appliedBy(live, fieldManager));
  const isForced = isOthers || live?.metadata?.annotations?.[force] !== undefined;
  return isForced ? patchAnnotations(fieldManager) : appliedAs(fieldManager);
}
