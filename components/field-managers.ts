/**
 * Server-side apply knows its callers by name; these never change, or a stack would fight its own past. One patch, one
 * object: the provider writes its manager's name into the object's annotations, and two patches of one object would
 * each find the other's name there as drift, at every refresh.
 */
export { registryManager } from "../platforms/operator/registry";
export const placementManager = "image-registry-placement";
/** The same name: it was InfraPlacement that placed the pruner at first. */
export const prunerManager = placementManager;
export const standaloneManager = "image-registry-standalone";
/** Sends the merge patch that removes foreign storage backends. */
export const evictionManager = "image-registry-eviction";

/** How the provider is told which manager a patch applies as, and to take fields over from other managers. */
export function patchAnnotations(fieldManager: string): Record<string, string> {
  return { "pulumi.com/patchFieldManager": fieldManager, "pulumi.com/patchForce": "true" };
}
