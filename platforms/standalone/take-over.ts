import type { KubernetesObject, V1ManagedFieldsEntry } from "@kubernetes/client-node";
import { type ClusterClient, ClusterError } from "../../kubernetes/client";

type Fields = { [key: string]: Fields };
type ObjectName = Record<"apiVersion" | "kind" | "name" | "namespace", string>;

const attempts = 10;

/**
 * Makes the named field manager the owner of all that others set in the object's spec. Server-side apply leaves what
 * others own and takes away what its own manager no longer asks for: after this, the next apply makes the spec what it
 * says, in one write.
 */
export async function takeOverSpec(
  client: ClusterClient,
  object: ObjectName,
  manager: string,
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await takeOverOnce(client, object, manager);
    } catch (error) {
      // While pods roll, controllers write the status of what was just read.
      const isConflict = error instanceof ClusterError && error.code === 409;
      if (!isConflict || attempt === attempts) throw error;
    }
  }
}

async function takeOverOnce(client: ClusterClient, object: ObjectName, manager: string): Promise<void> {
  const { apiVersion, kind, name, namespace } = object;
  const live = await client.get<KubernetesObject>(apiVersion, kind, name, namespace);
  const entries = live && handedOver(live.metadata?.managedFields ?? [], manager, apiVersion);
  if (!entries) return;
  const { resourceVersion } = live.metadata ?? {};
  const metadata = { name, namespace, resourceVersion, managedFields: entries };
  await client.mergePatch({ apiVersion, kind, metadata }, manager);
}

/** The entries after it, or undefined when there is nothing to hand over. */
export function handedOver(
  entries: readonly V1ManagedFieldsEntry[],
  manager: string,
  apiVersion: string,
): V1ManagedFieldsEntry[] | undefined {
  const isOurs = (entry: V1ManagedFieldsEntry) => entry.manager === manager && entry.operation === "Apply";
  const isForeign = (entry: V1ManagedFieldsEntry) =>
    !isOurs(entry) && entry.subresource !== "status" && (entry.fieldsV1 as Fields)?.["f:spec"] !== undefined;
  const foreign = entries.filter(isForeign);
  if (foreign.length === 0) return undefined;
  const ours = entries.find(isOurs) ?? {
    manager,
    operation: "Apply",
    apiVersion,
    fieldsType: "FieldsV1",
    fieldsV1: {},
  };
  const specs = foreign.map(({ fieldsV1 }) => ({
    "f:spec": withoutAnnotations((fieldsV1 as Fields)["f:spec"]),
  }));
  const rest = entries.flatMap((entry) => {
    if (isOurs(entry)) return [];
    return isForeign(entry) ? withoutSpec(entry) : [entry];
  });
  return [...rest, { ...ours, fieldsV1: specs.reduce<Fields>(union, ours.fieldsV1 as Fields) }];
}

function withoutSpec(entry: V1ManagedFieldsEntry): V1ManagedFieldsEntry[] {
  const fields = Object.entries(entry.fieldsV1 as Fields).filter(([key]) => key !== "f:spec");
  return fields.length ? [{ ...entry, fieldsV1: Object.fromEntries(fields) }] : [];
}

function union(one: Fields, other: Fields): Fields {
  const merged = { ...one };
  for (const [key, fields] of Object.entries(other)) merged[key] = union(merged[key] ?? {}, fields);
  return merged;
}

// To own the pods' annotations and not ask for them would take them away, and restart the pods.
function withoutAnnotations(spec: Fields = {}): Fields {
  const { "f:metadata": metadata, ...template } = spec["f:template"] ?? {};
  if (!metadata) return spec;
  const kept = Object.fromEntries(Object.entries(metadata).filter(([key]) => key !== "f:annotations"));
  return { ...spec, "f:template": { ...template, "f:metadata": kept } };
}
