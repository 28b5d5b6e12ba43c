/** Where a field of an object is, from its root: keys, and items of lists by their names. */
export type FieldPath = readonly PathStep[];
export type PathStep = string | { readonly item: string };

/** `spec.template.spec.containers[registry].image` */
export function pathText(path: FieldPath): string {
  const steps = path.map((step) => (typeof step === "string" ? `.${step}` : `[${step.item}]`));
  return steps.join("").replace(/^\./, "");
}
