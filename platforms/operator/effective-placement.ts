import { ownedByOther } from "../../kubernetes/managed-fields";
import type { RegistryPlan } from "../preflight";
import { registryManager, type RegistryConfig } from "./registry";

/** What the CR will say of placement once the plan is applied: ours, and what others own and apply leaves in place. */
export function effectivePlacement(
  config: RegistryConfig,
  { placement, ownAffinity }: Pick<RegistryPlan, "placement" | "ownAffinity">,
): Pick<RegistryPlan, "placement" | "ownAffinity"> {
  const { spec } = config;
  const foreign = (...path: string[]) => ownedByOther(config, registryManager, ["spec", ...path]);
  const keys = Object.entries(spec.nodeSelector ?? {}).filter(([key]) => foreign("nodeSelector", key));
  // A list has one owner: ours replaces theirs.
  const theirs = foreign("tolerations") ? (spec.tolerations ?? []) : [];
  return {
    placement: {
      nodeSelector: { ...Object.fromEntries(keys), ...placement.nodeSelector },
      tolerations: placement.tolerations.length ? placement.tolerations : theirs,
    },
    ownAffinity: ownAffinity || (spec.affinity !== undefined && foreign("affinity")),
  };
}
