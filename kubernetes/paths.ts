import type { KubernetesObject } from "@kubernetes/client-node";

/** Where the API server has an object, or without a name all of its kind, in its namespace or everywhere. */
export function pathOf({ apiVersion = "", kind = "", metadata = {} }: Partial<KubernetesObject>): string {
  const { namespace, name } = metadata;
  const parts = [
    apiVersion.includes("/") ? "apis" : "api",
    ...apiVersion.split("/"),
    ...(namespace ? ["namespaces", namespace] : []),
    resourceOf(kind),
    ...(name ? [name] : []),
  ];
  return parts.map((part) => `/${encodeURIComponent(part)}`).join("");
}

/** A kind's name in paths, as Kubernetes itself guesses it (meta.UnsafeGuessKindToResource), without a look at discovery. */
function resourceOf(kind: string): string {
  const singular = kind.toLowerCase();
  // OpenShift has a kind whose name is a plural.
  if (singular === "securitycontextconstraints") return singular;
  if (singular.endsWith("s")) return `${singular}es`;
  return singular.endsWith("y") ? `${singular.slice(0, -1)}ies` : `${singular}s`;
}
