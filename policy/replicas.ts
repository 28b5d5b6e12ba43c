import type { PolicyResource, ResourceValidationPolicy, StackValidationPolicy } from "@pulumi/policy";
import type { V1PersistentVolumeClaim } from "@kubernetes/client-node";
import { type AskedRegistry, askedRegistry } from "./asked-registry";

/**
 * An emptyDir is judged by what the program asks for: the stack, as a preview foresees it, may still show another's that
 * only up evicts. A claim is judged if the stack makes it: of one that is already there only the live cluster knows.
 */
export const replicasShareStorage: ResourceValidationPolicy & StackValidationPolicy = {
  name: "replicas-share-storage",
  description: "More than one registry pod needs storage that all of them can write to.",
  enforcementLevel: "mandatory",
  validateResource: (resource, report) => {
    const asked = askedRegistry(resource);
    if (!asked || asked.replicas <= 1 || !asked.storage.emptyDir) return;
    report(
      `spec.replicas is ${asked.replicas} and must be 1 with an emptyDir, where each pod keeps images of its own; ` +
        "set replicas to 1, or backend to nfs, pvc or s3",
    );
  },
  validateStack: ({ resources }, report) => {
    for (const resource of resources) {
      const asked = askedRegistry(resource);
      const claim = asked && asked.replicas > 1 ? claimOf(asked, resources) : undefined;
      const modes = claim?.spec?.accessModes ?? [];
      if (!asked || !claim || modes.includes("ReadWriteMany")) continue;
      report(
        `spec.replicas is ${asked.replicas} and must be 1 with claim "${claim.metadata?.name}", whose accessModes are ` +
          `${modes.join(", ") || "none"}; set replicas to 1, or accessModes of nfs or pvc to [ReadWriteMany]`,
        resource.urn,
      );
    }
  },
};

function claimOf({ storage, namespace }: AskedRegistry, resources: PolicyResource[]) {
  return resources
    .filter(({ type }) => type === "kubernetes:core/v1:PersistentVolumeClaim")
    .map(({ props }) => props as V1PersistentVolumeClaim)
    .find(({ metadata }) => metadata?.name === storage.pvc?.claim && metadata?.namespace === namespace);
}
