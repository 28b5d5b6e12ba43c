import type { RegistryPlan } from "../plan";
import type { RegistryConfig } from "./registry";

/** Whether the registry had its images in s3 until now, and its keys need no longer be there. */
export function leavesS3({ spec }: RegistryConfig, { storage, managementState }: RegistryPlan): boolean {
  const stays = storage.s3 !== undefined && managementState !== "Removed";
  return spec.storage?.s3 !== undefined && !stays;
}
