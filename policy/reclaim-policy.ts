import type { ResourceValidationPolicy } from "@pulumi/policy";
import type { V1PersistentVolume } from "@kubernetes/client-node";

export const volumesRetained: ResourceValidationPolicy = {
  name: "volumes-retained",
  description: "A volume outlives its claim.",
  enforcementLevel: "mandatory",
  validateResource: ({ type, props }, report) => {
    if (type !== "kubernetes:core/v1:PersistentVolume") return;
    const policy = (props as V1PersistentVolume).spec?.persistentVolumeReclaimPolicy;
    if (policy === "Retain") return;
    report(
      `spec.persistentVolumeReclaimPolicy is ${policy ? `"${policy}"` : "missing"} and must be "Retain": ` +
        "who deletes the claim would else delete the images",
    );
  },
};
