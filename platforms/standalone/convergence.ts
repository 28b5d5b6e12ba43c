import { describeStorage, sameStore, storageInUse } from "../../backends/backend";
import { type Condition, rolloutUnfinished } from "../operator/convergence";
import type { Watched } from "../wait";
import { readStandaloneRollout, type StandaloneRollout } from "./live";
import type { StandalonePlan } from "./plan";

/** What still stands between the live registry and what the plan asks for; empty when it serves. */
export function unfinishedStandalone(
  { deployment, service, pods, endpoints }: StandaloneRollout,
  { managementState, replicas, storage }: StandalonePlan,
): string[] {
  const gone = (kind: string) =>
    `there is no ${kind} image-registry; if somebody deleted it: pulumi refresh, then pulumi up`;
  if (!deployment) return [gone("deployment")];
  if (managementState === "Removed") {
    const left = pods.length ? [`${pods.length} pods are still there`] : [];
    return [...rolloutUnfinished(deployment, 0), ...left];
  }
  const waiting: string[] = [];
  const inUse = storageInUse(deployment) ?? {};
  if (!sameStore(inUse, storage))
    waiting.push(`pods use ${describeStorage(inUse)}, asked is ${describeStorage(storage)}`);
  waiting.push(...rolloutUnfinished(deployment, replicas));
  if (!service) return [...waiting, gone("service")];
  if (endpoints < replicas) waiting.push(`the service reaches ${endpoints} of ${replicas} pods`);
  return waiting;
}

/** The Deployment's conditions, sorted by type. */
export function standaloneConditions({ deployment }: Pick<StandaloneRollout, "deployment">): Condition[] {
  return (deployment?.status?.conditions ?? [])
    .map(({ type, status, reason = "", message = "" }) => ({ type, status, reason, message }))
    .sort((one, other) => (one.type < other.type ? -1 : 1));
}

/** How a wait looks at it. */
export function watchStandalone(plan: StandalonePlan): Watched<StandaloneRollout> {
  return {
    namespace: plan.namespace,
    read: (client) => readStandaloneRollout(client, plan.namespace),
    unfinished: (seen) => unfinishedStandalone(seen, plan),
    conditions: standaloneConditions,
    generations: ({ deployment }) => [deployment?.metadata?.generation],
  };
}
