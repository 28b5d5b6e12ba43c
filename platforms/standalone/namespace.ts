import type { LiveStandalone } from "./live";
import { managedBy } from "./registry";

export const namespaceLabels = {
  ...managedBy,
  "pod-security.kubernetes.io/enforce": "restricted",
} as const;

/** Whether the namespace is a stack's to make and label: it is not there yet, or a stack made it. */
export function isOwnNamespace({ namespace }: Pick<LiveStandalone, "namespace">): boolean {
  const labels = namespace?.metadata?.labels;
  return !namespace || Object.entries(managedBy).every(([key, value]) => labels?.[key] === value);
}
