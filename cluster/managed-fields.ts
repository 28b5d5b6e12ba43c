import type { KubernetesObject } from "@kubernetes/client-node";

/** Whether any field manager other than the named one owns the field at the path (`metadata.managedFields`). */
export function ownedByOther(object: KubernetesObject, manager: string, path: readonly string[]): boolean {
  return (object.metadata?.managedFields ?? []).some((entry) => {
    if (entry.manager === manager && entry.operation === "Apply") return false;
    let fields = entry.fieldsV1 as Record<string, object> | undefined;
    for (const key of path) fields = fields?.[`f:${key}`] as Record<string, object> | undefined;
    return fields !== undefined;
  });
}
