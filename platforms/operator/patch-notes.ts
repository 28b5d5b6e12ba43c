import { ownsNote, type SpecObject, takenNote } from "../field-drift";
import type { Drift } from "../observed";

/** The object's own uid. */
const uidAnnotation = "image-registry/uid";

/**
 * What happened to the object behind Pulumi's back, as annotations: a change of them is a change of the patch, so that an
 * unchanged stack gets a step too. With nothing to put right they keep their live values, and it stays unchanged.
 */
export function patchNotes(live: SpecObject, asked: object, drift: readonly Drift[]): Record<string, string> {
  return { [uidAnnotation]: live.metadata?.uid ?? "", ...ownsNote(asked), ...takenNote(live, drift) };
}
