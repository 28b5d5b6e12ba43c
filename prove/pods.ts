import type { V1Pod } from "@kubernetes/client-node";
import { type ClusterClient, ClusterError } from "../kubernetes/client";
import { isReady, isRunning } from "../kubernetes/pods";
import { until } from "../kubernetes/until";
import type { Platform, PlatformTypes } from "../platforms/platform";
import { podTroubles } from "../platforms/rollout";
import { podText } from "../platforms/text";
import { Problem } from "./problem";

type Some<T> = readonly [T, ...T[]];

/** The pods that run, the ready ones first: one that is not ready may still say why. */
export function runningPods(pods: readonly V1Pod[]): Some<V1Pod> {
  const running = pods.filter(isRunning);
  const [first, ...more] = [...running.filter(isReady), ...running.filter((pod) => !isReady(pod))];
  if (first) return [first, ...more];
  const told = podTroubles(pods).map(podText);
  throw new Problem("unreachable", ["no pod of the registry runs", ...told].join("\n  "));
}

/** Waits until `gone` is gone and as many pods as are asked for are ready, and returns these. */
export async function replaced<K extends PlatformTypes>(
  client: ClusterClient,
  platform: Platform<K>,
  plan: K["plan"],
  gone: V1Pod,
  timeoutSeconds: number,
): Promise<Some<V1Pod>> {
  let last: readonly V1Pod[] | undefined;
  const look = async (): Promise<Some<V1Pod> | undefined> => {
    last = await podsNow(client, platform, plan);
    const left = last?.some(({ metadata }) => metadata?.uid === gone.metadata?.uid);
    const [first, ...more] = last?.filter((pod) => isReady(pod) && !pod.metadata?.deletionTimestamp) ?? [];
    return first && !left && more.length + 1 >= plan.replicas ? [first, ...more] : undefined;
  };
  const otherwise = () => {
    const why = `pod ${gone.metadata?.name} was deleted, and within ${timeoutSeconds} s (timeoutSeconds) no other serves in its place`;
    return new Problem("unreachable", [why, ...podTroubles(last ?? []).map(podText)].join("\n  "));
  };
  return until(look, { seconds: timeoutSeconds, every: 1, otherwise });
}

async function podsNow<K extends PlatformTypes>(
  client: ClusterClient,
  platform: Platform<K>,
  plan: K["plan"],
): Promise<V1Pod[] | undefined> {
  try {
    return (await platform.readRollout(client, plan)).pods;
  } catch (error) {
    if (error instanceof ClusterError && error.transient) return undefined;
    throw error;
  }
}
