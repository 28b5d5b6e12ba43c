import type { KubernetesObject, V1ManagedFieldsEntry } from "@kubernetes/client-node";
import { type ClusterClient, ClusterError } from "./client";
import type { FieldPath, PathStep } from "./field-path";

/** `fieldsV1`: `{"f:spec": {"f:replicas": {}}}`. */
interface Fields {
  [field: string]: Fields;
}

/** Whether any field manager other than the named one owns the field at the path (`metadata.managedFields`). */
export function ownedByOther(object: KubernetesObject, manager: string, path: readonly string[]): boolean {
  return entriesOf(object).some((entry) => !isApplyOf(manager, entry) && owns(entry, path));
}

/** Whether the manager applied the field at the path, and nobody changed it since. */
export function ownedBy(object: KubernetesObject, manager: string, path: readonly string[]): boolean {
  return entriesOf(object).some((entry) => isApplyOf(manager, entry) && owns(entry, path));
}

/** Every field that the manager applied, down to what is owned as one value; of a list with owned items the list. */
export function ownedPaths(object: KubernetesObject, manager: string): string[][] {
  const leaves = (fields: Fields, path: readonly string[]): string[][] => {
    const inner = Object.entries(fields).filter(([key]) => key.startsWith("f:"));
    if (inner.length === 0) return [[...path]];
    return inner.flatMap(([key, below]) => leaves(below, [...path, key.slice(2)]));
  };
  const applied = entriesOf(object).find((entry) => isApplyOf(manager, entry));
  return leaves((applied && fieldsOf(applied)) ?? {}, []);
}

/** Whether the manager applied the object once and has since lost the field to another one. */
export function lostByManager(object: KubernetesObject, manager: string, path: readonly string[]): boolean {
  return appliedBy(object, manager) && !ownedBy(object, manager, path);
}

/** Whether the manager has ever applied the object. */
export function appliedBy(object: KubernetesObject, manager: string): boolean {
  return entriesOf(object).some((entry) => isApplyOf(manager, entry));
}

/** Who owns the field now. */
export function managersOf(object: KubernetesObject, path: readonly string[]): string[] {
  return entriesOf(object).flatMap((entry) => (entry.manager && owns(entry, path) ? [entry.manager] : []));
}

/** The managers other than the named one that own the field. */
export function othersAt(object: KubernetesObject, manager: string, path: FieldPath): string[] {
  const others = entriesOf(object).filter(
    (entry) => entry.manager !== manager && entry.subresource !== "status",
  );
  return others.flatMap((entry) => {
    const owned = path.reduce<Fields | undefined>(
      // What has nothing below it is owned as a whole: a map like a Service's selector.
      (fields, step) => (fields && Object.keys(fields).length === 0 ? fields : stepInto(fields, step)),
      fieldsOf(entry),
    );
    return owned && entry.manager ? [entry.manager] : [];
  });
}

function stepInto(fields: Fields | undefined, step: PathStep): Fields | undefined {
  if (typeof step === "string") return fields?.[`f:${step}`];
  const items = Object.entries(fields ?? {}).filter(([key]) => key.startsWith("k:"));
  const item = items.find(([key]) => (JSON.parse(key.slice(2)) as { name?: string }).name === step.item);
  // A list that is one value to server-side apply has no items here, and is owned as a whole.
  return item?.[1] ?? fields;
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
  for (const entry of result.filter((entry) => !isApplyOf(manager, entry))) {
    for (const path of paths) drop(fieldsOf(entry), path);
  }
  return result;
}

/**
 * `metadata.managedFields` with all that others own of the spec handed over to the named manager; undefined when nobody
 * else owns any. Server-side apply leaves what others own and takes away what its own manager no longer asks for: once
 * this is written back, the next apply makes the spec what it says, in one write.
 */
export function specHandedOver(
  object: KubernetesObject,
  manager: string,
): V1ManagedFieldsEntry[] | undefined {
  const entries = entriesOf(object);
  const isOurs = (entry: V1ManagedFieldsEntry) => isApplyOf(manager, entry);
  const isForeign = (entry: V1ManagedFieldsEntry) =>
    !isOurs(entry) && entry.subresource !== "status" && fieldsOf(entry)?.["f:spec"] !== undefined;
  const foreign = entries.filter(isForeign);
  if (foreign.length === 0) return undefined;
  const blank = { manager, operation: "Apply", fieldsType: "FieldsV1", fieldsV1: {} };
  const ours = entries.find(isOurs) ?? {
    ...blank,
    ...(object.apiVersion !== undefined && { apiVersion: object.apiVersion }),
  };
  const specs = foreign.map((entry) => ({ "f:spec": withoutAnnotations(fieldsOf(entry)?.["f:spec"] ?? {}) }));
  const rest = entries.flatMap((entry) => {
    if (isOurs(entry)) return [];
    return isForeign(entry) ? withoutSpec(entry) : [entry];
  });
  return [...rest, { ...ours, fieldsV1: specs.reduce<Fields>(union, fieldsOf(ours) ?? {}) }];
}

function withoutSpec(entry: V1ManagedFieldsEntry): V1ManagedFieldsEntry[] {
  const fields = Object.entries(fieldsOf(entry) ?? {}).filter(([key]) => key !== "f:spec");
  return fields.length ? [{ ...entry, fieldsV1: Object.fromEntries(fields) }] : [];
}

const attempts = 10;

/** Makes the manager the owner of all that others set in the object's spec. */
export async function takeOverSpec(
  client: ClusterClient,
  object: Record<"apiVersion" | "kind" | "name" | "namespace", string>,
  manager: string,
): Promise<void> {
  const { apiVersion, kind, name, namespace } = object;
  for (let attempt = 1; ; attempt++) {
    const live = await client.get<KubernetesObject>(apiVersion, kind, name, namespace);
    const managedFields = live && specHandedOver({ ...live, apiVersion }, manager);
    if (!managedFields) return;
    const resourceVersion = live.metadata?.resourceVersion ?? "";
    const metadata = { name, namespace, resourceVersion, managedFields };
    try {
      return await client.mergePatch({ apiVersion, kind, metadata }, manager);
    } catch (error) {
      // While pods roll, controllers write the status of what was just read.
      const isConflict = error instanceof ClusterError && error.code === 409;
      if (!isConflict || attempt === attempts) throw error;
    }
  }
}

function union(one: Fields, other: Fields): Fields {
  const merged = { ...one };
  for (const [key, fields] of Object.entries(other)) merged[key] = union(merged[key] ?? {}, fields);
  return merged;
}

// To own the pods' annotations and not ask for them would take them away, and restart the pods.
function withoutAnnotations(spec: Fields): Fields {
  const { "f:metadata": metadata, ...template } = spec["f:template"] ?? {};
  if (!metadata) return spec;
  const kept = Object.fromEntries(Object.entries(metadata).filter(([key]) => key !== "f:annotations"));
  return { ...spec, "f:template": { ...template, "f:metadata": kept } };
}

/** A parent left with nothing goes too: alone, it would mean the field as a whole. */
function drop(fields: Fields | undefined, [first, ...rest]: readonly string[]): void {
  const key = `f:${first}`;
  const child = fields?.[key];
  if (!fields || !child) return;
  if (rest.length > 0) drop(child, rest);
  if (rest.length === 0 || Object.keys(child).length === 0) delete fields[key];
}

function entriesOf(object: KubernetesObject): readonly V1ManagedFieldsEntry[] {
  return object.metadata?.managedFields ?? [];
}

function fieldsOf({ fieldsV1 }: V1ManagedFieldsEntry): Fields | undefined {
  return fieldsV1 as Fields | undefined;
}

function isApplyOf(manager: string, entry: V1ManagedFieldsEntry): boolean {
  return entry.manager === manager && entry.operation === "Apply";
}

function owns(entry: V1ManagedFieldsEntry, path: readonly string[]): boolean {
  return (
    path.reduce<Fields | undefined>((fields, key) => fields?.[`f:${key}`], fieldsOf(entry)) !== undefined
  );
}
