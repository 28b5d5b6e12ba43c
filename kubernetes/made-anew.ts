import type { KubernetesObject } from "@kubernetes/client-node";

const annotation = "image-registry/made";

/**
 * An object that was deleted by hand is still in the stack's state, which says that nothing changed; and the provider's
 * update, which begins by reading the object, cannot bring it back. So each object tells in an annotation which making
 * of it this is: where it is missing the annotation changes, and a change of it is a replacement.
 */
export function madeAnnotation(live: KubernetesObject | undefined, moment: string): Record<string, string> {
  const value = live ? live.metadata?.annotations?.[annotation] : moment;
  return value === undefined ? {} : { [annotation]: value };
}

/** The options of a resource that carries the annotation. The object that is gone goes from the state first: deleted last, it would be the new one. */
export const madeAnew = {
  replaceOnChanges: [`metadata.annotations["${annotation}"]`],
  deleteBeforeReplace: true,
};
