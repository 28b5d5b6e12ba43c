import type { KubernetesObject } from "@kubernetes/client-node";

interface ManagedFields {
  readonly manager?: string;
  readonly operation?: string;
  readonly fieldsV1?: object;
}

/** Whether any field manager other than the named one owns the field at the path (`metadata.managedFields`). */
export function ownedByOther(object: KubernetesObject, manager: string, path: readonly string[]): boolean {
  return entries(object).some((entry) => !isApplyOf(manager, entry) && owns(entry, path));
}

/** Whether the manager applied the object once and has since lost the field to another one. */
export function lostByManager(object: KubernetesObject, manager: string, path: readonly string[]): boolean {
  const own = entries(object).filter((entry) => isApplyOf(manager, entry));
  return own.length > 0 && !own.some((entry) => owns(entry, path));
}

function entries(object: KubernetesObject): readonly ManagedFields[] {
  return object.metadata?.managedFields ?? [];
}

function isApplyOf(manager: string, entry: ManagedFields): boolean {
  return entry.manager === manager && entry.operation === "Apply";
}

function owns({ fieldsV1 }: ManagedFields, path: readonly string[]): boolean {
  let fields = fieldsV1 as Record<string, object> | undefined;
  for (const key of path) fields = fields?.[`f:${key}`] as Record<string, object> | undefined;
  return fields !== undefined;
}
