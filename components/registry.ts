import type { ComponentResourceOptions, Resource } from "@pulumi/pulumi";
import type { CheckedImages } from "../images/check";
import type { CheckedRegistry } from "../platforms";
import type { PrunerSettings } from "../crds/fields";
import { conditionSummary } from "../platforms/text";
import { ImagePruner } from "./image-pruner";
import { RegistryOperatorPatch } from "./registry-operator-patch";
import { StandaloneRegistry } from "./standalone-registry";

interface RegistryArgs {
  readonly timeoutSeconds: number;
  readonly pruner?: PrunerSettings | undefined;
}

/** The cluster as it was found, and what becomes of its images. */
interface Seen {
  readonly checked: CheckedRegistry;
  readonly images: CheckedImages;
}

interface Options extends ComponentResourceOptions {
  readonly dependsOn: Resource[];
}

/** The registry as its platform runs it; returns what the stack's outputs tell of it. */
export function makeRegistry(
  { checked, images }: Seen,
  { timeoutSeconds, pruner }: RegistryArgs,
  options: Options,
) {
  const { connection, plan } = checked;
  if (checked.platform === "standalone") {
    const args = { ...checked.plan, connection, checked, images, timeoutSeconds };
    const { endpoint, conditions } = new StandaloneRegistry("registry", args, options);
    return { endpoint, conditions: conditions.apply(conditionSummary) };
  }
  const { placement } = plan;
  const pruned = new ImagePruner("pruner", { placement, settings: pruner, checked }, options);
  const args = { ...plan, connection, checked, images, timeoutSeconds };
  const { conditions, hostnames, httpSecret } = new RegistryOperatorPatch("registry", args, {
    ...options,
    dependsOn: [...options.dependsOn, pruned],
  });
  return { conditions: conditions.apply(conditionSummary), hostnames, httpSecret };
}
