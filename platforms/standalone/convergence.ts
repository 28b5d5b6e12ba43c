import { sameStore, storageInUse } from "../../backends/stores";
import type { RegistryPlan } from "../plan";
import type { Condition, Lag } from "../observed";
import { conditionsFrom, rolledOut, rolloutLags } from "../rollout";
import type { StandaloneRollout } from "./live";

/** What stands between the live registry and the plan; nothing when it serves. */
export function unfinished(
  { deployment, service, pods, endpoints }: StandaloneRollout,
  { managementState, replicas, storage }: Pick<RegistryPlan, "managementState" | "replicas" | "storage">,
): Lag[] {
  const missing = (kind: "deployment" | "service"): Lag => ({ of: "missing", kind, maker: "standalone" });
  if (!deployment) return [missing("deployment")];
  if (managementState === "Removed") {
    const left: Lag[] = pods.length ? [{ of: "pods", left: pods.length }] : [];
    return [...rolloutLags(deployment, 0), ...left];
  }
  const inUse = storageInUse(deployment) ?? {};
  const lags: Lag[] = sameStore(inUse, storage)
    ? []
    : [{ of: "Deployment", field: "storage", is: inUse, asked: storage }];
  lags.push(...rolloutLags(deployment, replicas));
  if (!service) return [...lags, missing("service")];
  return endpoints < replicas ? [...lags, { of: "endpoints", is: endpoints, asked: replicas }] : lags;
}

export function conditionsOf({ deployment }: Pick<StandaloneRollout, "deployment">): Condition[] {
  return conditionsFrom(deployment?.status?.conditions);
}

/** Available and Progressing are good when they are True, the latter also when there is nothing to do any more. */
export function isGood({ type, status, reason }: Condition): boolean {
  if (type === "ReplicaFailure") return status !== "True";
  return status === "True" || reason === rolledOut;
}
