import type { V1Deployment, V1DeploymentStatus, V1Pod } from "@kubernetes/client-node";
import type { Condition, Lag, PodTrouble } from "./observed";

/** What a Deployment and its pods tell of themselves, whoever made them. */

/** What is left of a rollout to so many replicas. */
export function rolloutLags({ status, metadata }: V1Deployment, replicas: number): Lag[] {
  const lag = { of: "rollout", asked: replicas } as const;
  if (metadata?.deletionTimestamp) return [{ ...lag, is: "being deleted" }];
  if (status?.observedGeneration !== metadata?.generation) return [{ ...lag, is: "not begun" }];
  const { updatedReplicas: updated = 0, replicas: all = 0, availableReplicas: available = 0 } = status ?? {};
  const { reason } = status?.conditions?.find(({ type }) => type === "Progressing") ?? {};
  const isDone = reason === rolledOut && [updated, all, available].every((count) => count === replicas);
  if (isDone) return [];
  return [{ ...lag, is: { updated, all, available, reason: reason ?? "not begun" } }, ...refused(status)];
}

/** Pods that the API server does not let in, by a quota, a LimitRange or a webhook, are told nowhere else. */
function refused(status: V1DeploymentStatus | undefined): Lag[] {
  return conditionsFrom(status?.conditions)
    .filter(({ type, status }) => type === "ReplicaFailure" && status === "True")
    .map((is) => ({ of: "condition", type: is.type, is }));
}

/** Reason of the Deployment's condition Progressing, which stays True, when nothing progresses any more. */
export const rolledOut = "NewReplicaSetAvailable";

type Raw = Pick<Condition, "type" | "status"> & { reason?: string; message?: string };

/** Sorted by type. */
export function conditionsFrom(raw: readonly Raw[] | undefined): Condition[] {
  return (raw ?? [])
    .map(({ type, status, reason = "", message = "" }) => ({ type, status, reason, message }))
    .sort((one, other) => (one.type < other.type ? -1 : 1));
}

/** What the pods that do not serve say of themselves: the scheduler's or the kubelet's own words. */
export function podTroubles(pods: readonly V1Pod[]): PodTrouble[] {
  return pods.flatMap(({ metadata, status }) => {
    const named = { pod: metadata?.name ?? "", phase: status?.phase ?? "" };
    const scheduled = status?.conditions?.find(({ type }) => type === "PodScheduled");
    if (scheduled?.status === "False") {
      const { reason = "not scheduled", message = "" } = scheduled;
      return [{ ...named, reason, message }];
    }
    const waiting = status?.containerStatuses?.find(({ state }) => state?.waiting)?.state?.waiting;
    if (!waiting) return [];
    const { reason = "waiting", message = "" } = waiting;
    return [{ ...named, reason, message }];
  });
}
