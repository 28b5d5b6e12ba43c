import type { KubernetesObject } from "@kubernetes/client-node";

import { ClusterClient, ClusterError, type ClusterConnection } from "../../kubernetes/client";
import { appliedBy } from "../../kubernetes/managed-fields";
import { registryNamespace } from "./registry";

/** Where the operator looks for the keys that a user gives. */
export const s3Secret = "image-registry-private-configuration-user";
export const s3KeysManager = "image-registry-s3-credentials";

/**
 * Deletes the Secret with the keys of s3, if a stack made it, and says whether there was one. Pulumi's provider would list
 * and watch all Secrets of the namespace for it, the token of the operator's own account among them; by name, a stack
 * needs no right to see the others.
 */
export async function deleteS3Keys(connection: ClusterConnection): Promise<boolean> {
  const client = new ClusterClient(connection);
  const secret = await client
    .get<KubernetesObject>("v1", "Secret", s3Secret, registryNamespace)
    .catch((error: unknown) => {
      // A stack that has no right to it made none.
      if (error instanceof ClusterError && error.code === 403) return undefined;
      throw error;
    });
  if (!secret || !appliedBy(secret, s3KeysManager)) return false;
  await client.delete({ ...secret, apiVersion: "v1", kind: "Secret" });
  return true;
}
