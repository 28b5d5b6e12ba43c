import type { KubernetesObject, V1ManagedFieldsEntry } from "@kubernetes/client-node";

interface ManagedFields {
  readonly manager?: string;
  readonly operation?: string;
  readonly fieldsV1?: object;
}

/** Whether any field manager other than the named one owns the field at the path (`metadata.managedFields`). */
export function ownedByOther(object: KubernetesObject, manager: string, path: readonly string[]): boolean {
  return entries(object).some((entry) => !isApplyOf(manager, entry) && owns(entry, path));
}

/** Whether the manager applied the field at the path, and nobody changed it since. */
export function ownedBy(object: KubernetesObject, manager: string, path: readonly string[]): boolean {
  return entries(object).some((entry) => isApplyOf(manager, entry) && owns(entry, path));
}

/** Whether the manager applied the object once and has since lost the field to another one. */
export function lostByManager(object: KubernetesObject, manager: string, path: readonly string[]): boolean {
  return appliedBy(object, manager) && !ownedBy(object, manager, path);
}

/** Whether the manager has ever applied the object. */
export function appliedBy(object: KubernetesObject, manager: string): boolean {
  return entries(object).some((entry) => isApplyOf(manager, entry));
}

/** Who owns the field now. */
export function managersOf(object: KubernetesObject, path: readonly string[]): string[] {
  return entries(object).flatMap((entry) => (entry.manager && owns(entry, path) ? [entry.manager] : []));
}

/**
 * `metadata.managedFields` with the fields at the paths taken from all managers but the named one; undefined when no other
 * has any. Written back, it says so to the API server.
 */
export function takenFromOthers(
  object: KubernetesObject,
  manager: string,
  paths: readonly (readonly string[])[],
): V1ManagedFieldsEntry[] | undefined {
  if (!paths.some((path) => ownedByOther(object, manager, path))) return undefined;
  const result = structuredClone(object.metadata?.managedFields ?? []);
  for (const { fieldsV1 } of result.filter((entry) => !isApplyOf(manager, entry))) {
    for (const path of paths) drop(fieldsV1 as Fields | undefined, path);
  }
  return result;
}

interface Fields {
  [field: string]: Fields;
}

/** A parent left with nothing goes too: alone, it would mean the field as a whole. */
function drop(fields: Fields | undefined, [first, ...rest]: readonly string[]): void {
  const key = `f:${first}`;
  const child = fields?.[key];
  if (!fields || !child) return;
  if (rest.length > 0) drop(child, rest);
  if (rest.length === 0 || Object.keys(child).length === 0) delete fields[key];
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
