import { storageInUse } from "../../backends/stores";
import type { Platform } from "../platform";
import { conditionsOf, isGood, unfinished } from "./convergence";
import { storeDrift } from "../store-drift";
import { driftOf, namespaceChanges, unapplied } from "./drift";
import { readRegistry, readRollout, type LiveStandalone, type StandaloneRollout } from "./live";
import { move } from "./move";
import { planOf, type StandalonePlan } from "./plan";
import { lostByDrift, preflight } from "./preflight";
import { endpointIn, standaloneName } from "./registry";

export interface StandaloneTypes {
  readonly name: "standalone";
  readonly plan: StandalonePlan;
  readonly rollout: StandaloneRollout;
  readonly live: LiveStandalone;
}

/** A cluster without the registry's operator: the stack runs the registry itself. */
export const standalone: Platform<StandaloneTypes> = {
  name: "standalone",
  plan: planOf,
  read: readRegistry,
  readRollout,
  preflight,
  drift: async (client, live, plan) => [
    ...(await driftOf(client, live, plan)),
    ...namespaceChanges(live),
    ...storeDrift(live, plan),
  ],
  lostByDrift,
  unapplied,
  overruled: driftOf,
  unfinished,
  conditions: conditionsOf,
  isGood,
  unwell: () => [],
  generations: ({ deployment }) => [deployment?.metadata?.generation],
  managementState: (_, plan) => plan.managementState,
  addresses: (_, { namespace }) => [endpointIn(namespace)],
  askedStore: ({ deployment }) => storageInUse(deployment),
  move,
  advice: ({ namespace, htpasswdSecret }) => [
    `watch it: kubectl -n ${namespace} get deployment ${standaloneName}`,
    "nodes alone reach it, and whom standalone.allowFrom names, as far as the cluster's network enforces NetworkPolicy",
    ...(htpasswdSecret ? [] : ["it asks nobody for a password: standalone.htpasswdSecret names its users"]),
  ],
};
