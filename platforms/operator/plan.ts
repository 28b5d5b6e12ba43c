import type { Configuration } from "../../config/schema";
import type { ConfigSpec } from "../../crds/types";
import type { Storage } from "../../backends/backend";
import { withoutBlanks } from "../../kubernetes/blank";
import { type RegistryPlan, planIn } from "../plan";
import { registryNamespace } from "./registry";

export function planOf(config: Configuration): RegistryPlan {
  return planIn(registryNamespace, config);
}

/** All fields of the Config's spec that a stack owns; the http secret without its value, which nobody is to see. */
export type AskedSpec = Omit<ConfigSpec, "httpSecret"> & { httpSecret: undefined; storage: Storage };

export function askedSpec(plan: RegistryPlan): AskedSpec {
  const { managementState, replicas, rolloutStrategy, storage, settings } = plan;
  return {
    managementState,
    replicas,
    rolloutStrategy,
    storage,
    httpSecret: undefined,
    ...placementOf(plan),
    ...withoutBlanks(settings),
  };
}

// A nodeSelector of others is left alone when the stack has none.
function placementOf({ placement }: RegistryPlan): Pick<ConfigSpec, "nodeSelector" | "tolerations"> {
  const { nodeSelector, tolerations } = placement;
  if (Object.keys(nodeSelector).length + tolerations.length === 0) return {};
  return { nodeSelector: { ...nodeSelector }, tolerations: [...tolerations] };
}
