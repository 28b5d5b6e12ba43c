import type { ResourceValidationPolicy } from "@pulumi/policy";

/** Where a kind says what becomes of a volume without its claim. A patch that does not say it leaves it alone. */
const kinds: readonly [type: RegExp, key: string][] = [
  // As a CustomResource, too, whose type has the apiVersion as it is.
  [/^kubernetes:(core\/)?v1:PersistentVolume(Patch|List)?$/, "spec.persistentVolumeReclaimPolicy"],
  [/^kubernetes:storage\.k8s\.io\/\w+:StorageClass(Patch|List)?$/, "reclaimPolicy"],
];

export const volumesRetained: ResourceValidationPolicy = {
  name: "volumes-retained",
  description: "A volume outlives its claim.",
  enforcementLevel: "mandatory",
  validateResource: ({ type, props }, report) => {
    const key = kinds.find(([pattern]) => pattern.test(type))?.[1];
    if (key === undefined) return;
    const objects = type.endsWith("List") ? (props as { items?: unknown[] }).items : [props];
    for (const object of objects ?? []) {
      const policy = at(object, key.split("."));
      if (policy === "Retain" || (policy === undefined && type.endsWith("Patch"))) continue;
      report(
        `${key} is ${policy ? JSON.stringify(policy) : "missing"} and must be "Retain": ` +
          "who deletes the claim would else delete the images",
      );
    }
  },
};

function at(value: unknown, keys: readonly string[]): unknown {
  return keys.reduce((inner, key) => (inner as Record<string, unknown> | undefined)?.[key], value);
}
