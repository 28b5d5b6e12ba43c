import type { V1Deployment, V1Pod } from "@kubernetes/client-node";
import { backendsOf, describeStorage, sameStore } from "../../backends/backend";
import { deploymentLags } from "./expected-deployment";
import type { Rollout } from "./live";
import type { RegistryConfig } from "./registry";

/** A condition of the Config CR as people read it; without its time, so that an unchanged one is equal. */
export interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
}

/**
 * What still stands between the live registry and what its Config asks for; empty when it has truly converged.
 * The conditions alone do not tell: the operator shows them green while Removed, with a rollout not yet begun, and
 * with an old pod still serving what a broken change should have replaced.
 */
export function unfinished({ config, deployment }: Rollout): string[] {
  const { spec, status, metadata } = config;
  if (spec.managementState === "Unmanaged") return [];
  const waiting: string[] = [];
  if (status?.observedGeneration !== metadata?.generation) {
    waiting.push(
      `the operator has seen generation ${status?.observedGeneration ?? 0} of ${metadata?.generation}`,
    );
  }
  if (spec.managementState === "Removed") {
    if (deployment) waiting.push("the deployment is still there");
    return [
      ...waiting,
      ...conditionsUnlike(config, { Removed: "True", Progressing: "False", Degraded: "False" }),
    ];
  }
  const wanted = spec.storage ?? {};
  const backends = backendsOf(wanted);
  if (backends.length !== 1)
    waiting.push(`storage has ${backends.length} backends (${describeStorage(wanted)}), not one`);
  else if (!sameStore(status?.storage ?? {}, wanted)) {
    waiting.push(
      `status.storage is ${describeStorage(status?.storage ?? {})}, asked is ${describeStorage(wanted)}`,
    );
  }
  waiting.push(
    ...conditionsUnlike(config, {
      Available: "True",
      Progressing: "False",
      Degraded: "False",
      Removed: "False",
    }),
  );
  if (!deployment) return [...waiting, "there is no deployment yet"];
  const lags = deploymentLags(spec, deployment);
  if (lags.length) waiting.push(`the deployment does not have the change yet: ${lags.join(", ")}`);
  return [...waiting, ...rolloutUnfinished(deployment, spec.replicas)];
}

function conditionsUnlike(config: RegistryConfig, wanted: Record<string, string>): string[] {
  const conditions = conditionsOf(config);
  return Object.entries(wanted).flatMap(([type, status]) => {
    const condition = conditions.find((one) => one.type === type);
    if (condition?.status === status) return [];
    return [condition ? describeCondition(condition) : `condition ${type} is not set yet`];
  });
}

/** What is left of a rollout to so many replicas. */
export function rolloutUnfinished(deployment: V1Deployment, replicas: number): string[] {
  const { status, metadata } = deployment;
  if (metadata?.deletionTimestamp) return ["the deployment is being deleted"];
  if (status?.observedGeneration !== metadata?.generation) return ["the rollout has not begun"];
  const progressing = status?.conditions?.find(({ type }) => type === "Progressing");
  const counts = [status?.updatedReplicas, status?.replicas, status?.availableReplicas].map(
    (count) => count ?? 0,
  );
  if (progressing?.reason === "NewReplicaSetAvailable" && counts.every((count) => count === replicas))
    return [];
  const [updated, all, available] = counts;
  return [
    `rollout: ${updated} updated, ${available} available, ${all} in all, ${replicas} asked (${progressing?.reason ?? "not begun"})`,
  ];
}

/** The CR's conditions, sorted by type. */
export function conditionsOf(config: RegistryConfig): Condition[] {
  return (config.status?.conditions ?? [])
    .map(({ type, status, reason = "", message = "" }) => ({ type, status, reason, message }))
    .sort((one, other) => (one.type < other.type ? -1 : 1));
}

/** Conditions by type, each as one line: `True (Ready): The registry is ready`. */
export function summary(conditions: Condition[]): Record<string, string> {
  const lines = conditions.map((condition) => [condition.type, describeCondition(condition)] as const);
  return Object.fromEntries(lines.map(([type, line]) => [type, line.slice(type.length + 1)]));
}

export function describeCondition({ type, status, reason, message }: Condition): string {
  return `${type}=${status}${reason && ` (${reason})`}${message && `: ${message}`}`;
}

/** What the pods that do not serve say of themselves: the scheduler's or the kubelet's own words. */
export function podProblems(pods: V1Pod[]): string[] {
  return pods.flatMap((pod) => {
    const scheduled = pod.status?.conditions?.find(({ type }) => type === "PodScheduled");
    const waiting = pod.status?.containerStatuses?.find(({ state }) => state?.waiting)?.state?.waiting;
    const said =
      scheduled?.status === "False"
        ? `${scheduled.reason ?? "not scheduled"}: ${scheduled.message ?? ""}`
        : waiting && `${waiting.reason ?? "waiting"}: ${waiting.message ?? ""}`;
    return said ? [`pod ${pod.metadata?.name} (${pod.status?.phase}): ${said.trim()}`] : [];
  });
}
