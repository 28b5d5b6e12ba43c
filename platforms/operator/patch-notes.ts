import type { Drift } from "../platform";
import { ownsNote, type SpecObject } from "../field-drift";

/** Names on the live object what was last taken back from other managers. */
const evictedAnnotation = "image-registry/evicted";
/** The object's own uid. */
const uidAnnotation = "image-registry/uid";

/**
 * What happened to the object behind Pulumi's back, as annotations: a change of them is a change of the patch, so that an
 * unchanged stack gets a step too. With nothing to put right they keep their live values, and it stays unchanged.
 */
export function patchNotes(live: SpecObject, asked: object, drift: readonly Drift[]): Record<string, string> {
  const { metadata } = live;
  const evicted = drift.length
    ? `${drift.map(({ field }) => field).join("+")}@${metadata?.generation}`
    : metadata?.annotations?.[evictedAnnotation];
  return {
    [uidAnnotation]: metadata?.uid ?? "",
    ...ownsNote(asked),
    ...(evicted !== undefined && { [evictedAnnotation]: evicted }),
  };
}
