import type { KubernetesObject } from "@kubernetes/client-node";
import { s3Secret } from "../../backends/s3";
import { type ClusterClient, ClusterError } from "../../kubernetes/client";
import { s3Manager } from "../../kubernetes/field-managers";
import { appliedBy } from "../../kubernetes/managed-fields";
import type { RegistryPlan } from "../plan";
import { type RegistryConfig, registryNamespace } from "./registry";

/** Whether the registry had its images in s3 until now, and its keys need no longer be there. */
export function leavesS3({ spec }: RegistryConfig, { storage, managementState }: RegistryPlan): boolean {
  const stays = storage.s3 !== undefined && managementState !== "Removed";
  return spec.storage?.s3 !== undefined && !stays;
}

/**
 * Deletes the Secret with the keys of s3, if a stack made it, and says whether there was one. Pulumi's provider would list
 * and watch all Secrets of the namespace for it, the token of the operator's own account among them; by name, a stack
 * needs no right to see the others.
 */
export async function deleteS3Keys(client: ClusterClient): Promise<boolean> {
  const secret = await client
    .get<KubernetesObject>("v1", "Secret", s3Secret.name, registryNamespace)
    .catch((error: unknown) => {
      // A stack that has no right to it made none.
      if (error instanceof ClusterError && error.code === 403) return undefined;
      throw error;
    });
  if (!secret || !appliedBy(secret, s3Manager)) return false;
  await client.delete({ ...secret, apiVersion: "v1", kind: "Secret" });
  return true;
}
