import type { PolicyResource, StackValidationPolicy } from "@pulumi/policy";
import type { V1PersistentVolumeClaim } from "@kubernetes/client-node";
import { type AskedRegistry, askedRegistry } from "./asked-registry";

/** Judges claims of the stack alone: of one that is already there (backend pvc) only the live cluster knows. */
export const replicasShareStorage: StackValidationPolicy = {
  name: "replicas-share-storage",
  description: "More than one registry pod needs storage that all of them can write to.",
  enforcementLevel: "mandatory",
  validateStack: ({ resources }, report) => {
    for (const resource of resources) {
      const asked = askedRegistry(resource);
      const problem = asked && asked.replicas > 1 && unshared(asked, resources);
      if (problem)
        report(
          `${resource.name}: spec.replicas is ${asked.replicas}, and must be 1 with ${problem}`,
          resource.urn,
        );
    }
  },
};

function unshared({ storage, namespace }: AskedRegistry, resources: PolicyResource[]): string | undefined {
  if (storage.emptyDir)
    return "an emptyDir, where each pod keeps images of its own; set replicas to 1, or backend to nfs, pvc or s3";
  const claim = resources
    .filter(({ type }) => type === "kubernetes:core/v1:PersistentVolumeClaim")
    .map(({ props }) => props as V1PersistentVolumeClaim)
    .find(({ metadata }) => metadata?.name === storage.pvc?.claim && metadata?.namespace === namespace);
  const modes = claim?.spec?.accessModes ?? [];
  if (!claim || modes.includes("ReadWriteMany")) return undefined;
  return `claim "${claim.metadata?.name}", whose accessModes are ${modes.join(", ") || "none"}; set replicas to 1, or nfs.accessModes to [ReadWriteMany]`;
}
