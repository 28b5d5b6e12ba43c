import { registryManager } from "../../kubernetes/field-managers";
import { appliedBy, ownedBy } from "../../kubernetes/managed-fields";
import type { LiveOperator } from "./live";

/**
 * The http secret that the running pods know, whoever made it: they need not roll for another, which in an emptyDir would
 * cost them the images. Undefined where the stack is to make one.
 */
export function keptHttpSecret({
  config,
  deployment,
}: Pick<LiveOperator, "config" | "deployment">): string | undefined {
  const { httpSecret } = config.spec;
  const isOurs = appliedBy(config, registryManager)
    ? ownedBy(config, registryManager, ["spec", "httpSecret"])
    : deployment !== undefined;
  return httpSecret && isOurs ? httpSecret : undefined;
}
