import { foreignStores } from "../../backends/stores";
import type { RegistrySettings } from "../../crds/fields";
import type { ConfigSpec } from "../../crds/types";
import { isBlank } from "../../kubernetes/blank";
import { operatorManager, registryManager } from "../../kubernetes/field-managers";
import { appliedBy, managersOf } from "../../kubernetes/managed-fields";
import { fieldsLost, firstChanges } from "../field-drift";
import type { RegistryPlan } from "../plan";
import type { Drift } from "../observed";
import { askedSpec } from "./plan";
import type { RegistryConfig } from "./registry";

/**
 * All that other managers set in the Config and the stack wants otherwise. Pulumi compares inputs with inputs and sees
 * none of it: only when it changes an input of the patch does an unchanged stack get a step that puts it right.
 */
export function configDrift(live: RegistryConfig, plan: RegistryPlan): Drift[] {
  const other = (...path: string[]) => ({
    kind: "Config",
    path: ["spec", ...path],
    // Of a store that the stack itself has let go of, nobody else's name is to be told.
    by: managersOf(live, ["spec", ...path]).filter((manager) => manager !== registryManager),
  });
  return [
    ...foreignStores(live.spec.storage, plan.storage).map((key) => ({
      ...other("storage", key),
      is: live.spec.storage?.[key],
      asked: plan.storage,
      remedy: "evict" as const,
    })),
    ...fieldsLost(live, registryManager, { spec: askedSpec(plan) }),
    ...setByOthers(live.spec, plan.settings).map((key) => ({
      ...other(key),
      is: live.spec[key],
      remedy: "clear" as const,
    })),
  ];
}

/** What the stack's next apply changes in what others set before it first asked for it, or a stack that is gone has left. */
export function configChanges(live: RegistryConfig, plan: RegistryPlan, { isLeft = false } = {}): Drift[] {
  const changes = firstChanges(live, registryManager, { spec: askedSpec(plan) }, { isLeft });
  // A store that goes is evicted.
  return changes.filter(({ path, asked }) => path[1] !== "storage" || asked !== undefined);
}

/** What others have set since the stack wrote the Config, which was all it asks for then. */
export function overruled(live: RegistryConfig, plan: RegistryPlan): Drift[] {
  // One that was made anew meanwhile is its maker's.
  if (!appliedBy(live, registryManager)) return configChanges(live, plan);
  return configDrift(live, plan);
}

/** What the stack is about to take from others than the operator, who may want it back. */
export function takenFrom(live: RegistryConfig, plan: RegistryPlan): Drift[] {
  const taken = [...configDrift(live, plan), ...configChanges(live, plan)];
  return taken.filter(
    ({ by, remedy }) =>
      by.some((manager) => manager !== operatorManager) || (remedy === "put back" && by.length === 0),
  );
}

/** The settings asked to be blank that another manager has set: to leave them out would not change them. */
export function setByOthers(live: ConfigSpec, settings: RegistrySettings): (keyof RegistrySettings)[] {
  const asked = Object.entries(settings) as [keyof RegistrySettings, unknown][];
  return asked.flatMap(([key, value]) => (isBlank(value) && !isBlank(live[key]) ? [key] : []));
}
