import { setTimeout as sleep } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import type { CoreV1Event, V1Pod } from "@kubernetes/client-node";
import { UserError } from "../errors";
import { ClusterClient, ClusterError } from "../kubernetes/client";
import type { ClusterConnection } from "../kubernetes/kubeconfig";
import type { Platform, PlatformTypes } from "./platform";
import { podTroubles } from "./rollout";
import { conditionText, lagTexts, overruledText, podText } from "./text";

export interface WaitOptions<K extends PlatformTypes = PlatformTypes> {
  /** The cluster as it was found, for what a rollout does not change. */
  readonly live: K["live"];
  /** When something was last taken from another manager, in ms since 1970. @default nothing was */
  readonly takenAt?: number | undefined;
  /** Seconds until the wait is given up. */
  readonly timeoutSeconds: number;
  /** Called with one line whenever what is waited for changes. */
  readonly progress: (line: string) => void;
}

const pollMilliseconds = 1000;
/** A program that wants a field back has it again within seconds: Argo CD looks every five. */
const contestedMilliseconds = 10_000;
/** What a registry that serves when time is up still gets. */
const secondLookMilliseconds = 30_000;

/**
 * Waits until the registry serves what the plan asks for, and returns what it then looks like. When time is up, the error
 * holds the conditions and the pods' own messages; when others write against the plan, it comes at once and names them.
 * An API server that is away for a while is waited for too.
 */
export async function waitFor<K extends PlatformTypes>(
  platform: Platform<K>,
  connection: ClusterConnection,
  plan: K["plan"],
  options: WaitOptions<K>,
): Promise<K["rollout"]> {
  const client = new ClusterClient(connection);
  const contestedUntil = (options.takenAt ?? 0) + contestedMilliseconds;
  const deadline = Math.max(Date.now() + options.timeoutSeconds * 1000, contestedUntil);
  let shown = "";
  let last: K["rollout"] | undefined;
  for (;;) {
    const waiting: string[] = [];
    try {
      const before = last && platform.generations(last);
      last = await platform.readRollout(client, plan);
      waiting.push(...lagTexts(platform.unfinished(last, plan)));
      // Not all that a Config asks for can be seen in the Deployment (a default that comes back, say). A second look at
      // the same generation is past the moment in which the operator reports on the one before.
      const isSame = isDeepStrictEqual(before, platform.generations(last));
      const isDone = isSame && waiting.length === 0;
      if (isDone || !isSame) {
        const overruled = await platform.overruled(client, { ...options.live, ...last }, plan);
        if (overruled.length) throw new UserError(overruledText(overruled));
      }
      if (isDone && Date.now() >= contestedUntil) return last;
    } catch (error) {
      if (!(error instanceof ClusterError && error.transient)) throw error;
      waiting.push(error.message);
    }
    const line = waiting.length ? `waiting for the registry: ${waiting[0]}` : shown;
    if (line !== shown) options.progress(line);
    shown = line;
    if (Date.now() >= deadline + (waiting.length ? 0 : secondLookMilliseconds)) {
      if (waiting.length === 0) waiting.push("it changes faster than it can be looked at twice");
      const told = last && [
        ...platform.conditions(last).map((condition) => `condition: ${conditionText(condition)}`),
        ...podTroubles(last.pods).map(podText),
        ...(await podWarnings(client, plan.namespace, last.pods)),
      ];
      throw new UserError(gaveUp(options.timeoutSeconds, waiting, told ?? []));
    }
    await sleep(pollMilliseconds);
  }
}

function gaveUp(seconds: number, waiting: readonly string[], told: readonly string[]): string {
  return [
    `the registry did not converge within ${seconds} s (timeoutSeconds); it is left as it is, and the next up looks again`,
    ...waiting.map((line) => `  waiting: ${line}`),
    ...told.map((line) => `  ${line}`),
  ].join("\n");
}

// A volume that cannot be mounted is told in events alone: the pod just stays in ContainerCreating.
async function podWarnings(client: ClusterClient, namespace: string, pods: V1Pod[]): Promise<string[]> {
  const unready = new Set(
    pods
      .filter(({ status }) => status?.conditions?.find(({ type }) => type === "Ready")?.status !== "True")
      .map(({ metadata }) => metadata?.name),
  );
  try {
    const events =
      (await client.list<CoreV1Event>("v1", "Event", namespace, { fieldSelector: "type=Warning" })) ?? [];
    const warnings = events.filter(
      ({ involvedObject, reason }) => reason !== "FailedScheduling" && unready.has(involvedObject.name),
    );
    return [
      ...new Set(
        warnings.map(
          ({ involvedObject, reason, message }) => `event on ${involvedObject.name}: ${reason}: ${message}`,
        ),
      ),
    ];
  } catch (error) {
    if (error instanceof ClusterError) return [];
    throw error;
  }
}
