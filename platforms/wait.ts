import { setTimeout as sleep } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import type { CoreV1Event, V1Pod } from "@kubernetes/client-node";
import { UserError } from "../errors";
import { ClusterClient, ClusterError, type ClusterConnection } from "../kubernetes/client";
import {
  type Condition,
  conditionsOf,
  describeCondition,
  podProblems,
  unfinished,
} from "./operator/convergence";
import { readRollout, type Rollout } from "./operator/live";
import { registryNamespace } from "./operator/registry";

export interface WaitOptions {
  /** Seconds until the wait is given up. */
  readonly timeoutSeconds: number;
  /** Called with one line whenever what is waited for changes. */
  readonly progress: (line: string) => void;
}

const pollMilliseconds = 1000;
/** What a registry that serves when time is up still gets. */
const secondLookMilliseconds = 30_000;

/** A registry to wait for: how it is looked at, and what is read off one look. */
export interface Watched<T extends { readonly pods: V1Pod[] }> {
  readonly namespace: string;
  readonly read: (client: ClusterClient) => Promise<T>;
  /** What still stands between it and what was asked; empty when it serves. */
  readonly unfinished: (seen: T) => string[];
  readonly conditions: (seen: T) => Condition[];
  /** The generations of the objects that say what is asked. */
  readonly generations: (seen: T) => (number | undefined)[];
}

const operatorRegistry: Watched<Rollout> = {
  namespace: registryNamespace,
  read: readRollout,
  unfinished,
  conditions: ({ config }) => conditionsOf(config),
  generations: ({ config, deployment }) => [config.metadata?.generation, deployment?.metadata?.generation],
};

/** Waits until the operator's registry serves what its Config asks for, and returns what it then looks like. */
export function waitUntilConverged(connection: ClusterConnection, options: WaitOptions): Promise<Rollout> {
  return waitFor(connection, operatorRegistry, options);
}

/**
 * Waits until the registry serves what was asked, and returns what it then looks like. When time is up, the error holds
 * the conditions and the pods' own messages. An API server that is away for a while is waited for too.
 */
export async function waitFor<T extends { readonly pods: V1Pod[] }>(
  connection: ClusterConnection,
  watched: Watched<T>,
  options: WaitOptions,
): Promise<T> {
  const client = new ClusterClient(connection);
  const deadline = Date.now() + options.timeoutSeconds * 1000;
  let shown = "";
  let last: T | undefined;
  for (;;) {
    const waiting: string[] = [];
    try {
      const before = last && watched.generations(last);
      last = await watched.read(client);
      waiting.push(...watched.unfinished(last));
      // Not all that a Config asks for can be seen in the Deployment (a default that comes back, say). A second look at
      // the same generation is past the moment in which the operator reports on the one before.
      if (waiting.length === 0 && isDeepStrictEqual(before, watched.generations(last))) return last;
    } catch (error) {
      if (!(error instanceof ClusterError && error.transient)) throw error;
      waiting.push(error.message);
    }
    const line = waiting.length ? `waiting for the registry: ${waiting[0]}` : shown;
    if (line !== shown) options.progress(line);
    shown = line;
    if (Date.now() >= deadline + (waiting.length ? 0 : secondLookMilliseconds)) {
      if (waiting.length === 0) waiting.push("it changes faster than it can be looked at twice");
      throw new UserError(await gaveUp(client, watched, options.timeoutSeconds, waiting, last));
    }
    await sleep(pollMilliseconds);
  }
}

async function gaveUp<T extends { readonly pods: V1Pod[] }>(
  client: ClusterClient,
  watched: Watched<T>,
  seconds: number,
  waiting: string[],
  last: T | undefined,
): Promise<string> {
  const lines = [
    `the registry did not converge within ${seconds} s (timeoutSeconds); it is left as it is, and the next up looks again`,
    ...waiting.map((line) => `  waiting: ${line}`),
  ];
  if (!last) return lines.join("\n");
  lines.push(...watched.conditions(last).map((condition) => `  condition: ${describeCondition(condition)}`));
  lines.push(...podProblems(last.pods).map((problem) => `  ${problem}`));
  lines.push(...(await podWarnings(client, watched.namespace, last.pods)).map((warning) => `  ${warning}`));
  return lines.join("\n");
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
