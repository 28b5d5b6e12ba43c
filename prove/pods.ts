import { setTimeout as sleep } from "node:timers/promises";
import type { V1Pod } from "@kubernetes/client-node";
import { type ClusterClient, ClusterError } from "../kubernetes/client";
import type { Platform, PlatformTypes } from "../platforms/platform";
import { podTroubles } from "../platforms/rollout";
import { podText } from "../platforms/text";
import { Problem } from "./problem";

type Some<T> = readonly [T, ...T[]];

const pollMilliseconds = 1000;

/** The pods that run, the ready ones first: one that is not ready may still say why. */
export function runningPods(pods: readonly V1Pod[]): Some<V1Pod> {
  const running = pods.filter(
    ({ metadata, status }) => !metadata?.deletionTimestamp && status?.phase === "Running",
  );
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
  const deadline = Date.now() + timeoutSeconds * 1000;
  for (;;) {
    const pods = await podsNow(client, platform, plan);
    const left = pods?.some(({ metadata }) => metadata?.uid === gone.metadata?.uid);
    const [first, ...more] = pods?.filter((pod) => isReady(pod) && !pod.metadata?.deletionTimestamp) ?? [];
    if (first && !left && more.length + 1 >= plan.replicas) return [first, ...more];
    if (Date.now() > deadline) {
      const why = `pod ${gone.metadata?.name} was deleted, and within ${timeoutSeconds} s (timeoutSeconds) no other serves in its place`;
      throw new Problem("unreachable", [why, ...podTroubles(pods ?? []).map(podText)].join("\n  "));
    }
    await sleep(pollMilliseconds);
  }
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

function isReady({ status }: V1Pod): boolean {
  return status?.conditions?.some((one) => one.type === "Ready" && one.status === "True") ?? false;
}
