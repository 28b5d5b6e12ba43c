import type { Move } from "./image-move";
import type { RegistryPlan } from "./plan";

/** What the user may want to know or do after this up; `advice` is the platform's for a registry that is up. */
export function nextSteps(
  { backend, managementState, namespace }: RegistryPlan,
  advice: readonly string[],
  move?: Pick<Move, "from">,
): string[] {
  if (managementState === "Unmanaged")
    return ["the operator leaves the registry alone until managementState is Managed"];
  if (managementState === "Removed") {
    const stay = backend.imagesAt ? `; the images stay at ${backend.imagesAt}` : "";
    return [`the registry is down; pulumi destroy now removes what this stack made${stay}`];
  }
  const last = backend.advice ?? "to take it down: set managementState to Removed, pulumi up, pulumi destroy";
  const source = move?.from.pvc?.claim;
  const left =
    `the images are in claim ${source} still, as they were: to remove them, once the registry serves from the new store, ` +
    `oc -n ${namespace} delete pvc ${source} (docs/switching-backends.md)`;
  return [...advice, ...(source === undefined ? [] : [left]), last];
}
