import type { V1Pod } from "@kubernetes/client-node";

/** Whether it runs, and will for a while. */
export function isRunning({ metadata, status }: V1Pod): boolean {
  return status?.phase === "Running" && !metadata?.deletionTimestamp;
}

export function isReady({ status }: V1Pod): boolean {
  return status?.conditions?.some((one) => one.type === "Ready" && one.status === "True") ?? false;
}

/** The name of its first container. */
export function mainContainer({ spec }: V1Pod): string {
  return spec?.containers[0]?.name ?? "";
}

/** Whether its first container runs, which that of a pod that "runs" need not: it may have crashed, and be waiting. */
export function runsMainContainer(pod: V1Pod): boolean {
  const status = pod.status?.containerStatuses?.find(({ name }) => name === mainContainer(pod));
  return !status?.state || status.state.running !== undefined;
}
