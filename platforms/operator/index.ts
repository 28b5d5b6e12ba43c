import type { RegistryPlan } from "../plan";
import type { Platform } from "../platform";
import { conditionsOf, isGood, unfinished, unwell } from "./convergence";
import { storeDrift } from "../store-drift";
import { configChanges, configDrift, overruled } from "./drift";
import { type LiveOperator, type OperatorRollout, readRegistry, readRollout } from "./live";
import { isNobodys } from "../owning-stack";
import { planOf } from "./plan";
import { move } from "./move";
import { preflight } from "./preflight";

export interface OperatorTypes {
  readonly name: "operator";
  readonly plan: RegistryPlan;
  readonly rollout: OperatorRollout;
  readonly live: LiveOperator;
}

/** OpenShift 4, whose operator makes the registry of what its Config says. */
export const operator: Platform<OperatorTypes> = {
  name: "operator",
  plan: planOf,
  read: readRegistry,
  readRollout,
  preflight,
  drift: (_, live, plan) =>
    Promise.resolve([
      ...configDrift(live.config, plan),
      ...configChanges(live.config, plan, { isLeft: isNobodys(live) }),
      ...storeDrift(live, plan),
    ]),
  overruled: (_, live, plan) => Promise.resolve(overruled(live.config, plan)),
  // Lags of the Config say it already.
  unapplied: () => Promise.resolve([]),
  unfinished,
  conditions: conditionsOf,
  isGood,
  unwell,
  generations: ({ config, deployment }) => [config.metadata?.generation, deployment?.metadata?.generation],
  managementState: ({ config }) => config.spec.managementState ?? "",
  addresses: ({ hostnames }) => [hostnames.internal, ...hostnames.routes],
  askedStore: ({ config }) => config.spec.storage,
  move,
  advice: () => ["watch it: oc get clusteroperator image-registry"],
};
