import type { KubernetesObject } from "@kubernetes/client-node";
import { type ClusterClient, unlessForbidden } from "../kubernetes/client";
import { appliedBy } from "../kubernetes/managed-fields";

/**
 * Deletes a Secret, if a stack made it as this field manager, and says whether there was one. Pulumi's provider would list
 * and watch all Secrets of the namespace for it, the tokens of its accounts among them; by name, a stack needs no right to
 * see the others.
 */
export async function deleteOwnSecret(
  client: ClusterClient,
  name: string,
  namespace: string,
  fieldManager: string,
): Promise<boolean> {
  // A stack that has no right to it made none.
  const secret = await unlessForbidden(client.get<KubernetesObject>("v1", "Secret", name, namespace));
  if (!secret || !appliedBy(secret, fieldManager)) return false;
  await client.delete({ ...secret, apiVersion: "v1", kind: "Secret" });
  return true;
}
