import { setTimeout as sleep } from "node:timers/promises";
import type { CoreV1Event } from "@kubernetes/client-node";
import { UserError } from "../errors";
import { ClusterClient, ClusterError, type ClusterConnection } from "./client";
import { conditionsOf, describeCondition, podProblems, unfinished } from "./convergence";
import { readRollout, type Rollout } from "./live-registry";
import { registryNamespace } from "./registry-types";

export interface WaitOptions {
  /** Seconds until the wait is given up. */
  readonly timeoutSeconds: number;
  /** Called with one line whenever what is waited for changes. */
  readonly progress: (line: string) => void;
}

const pollMilliseconds = 1000;

/**
 * Waits until the registry serves what its Config asks for, and returns what it then looks like. When time is up, the
 * error holds the conditions and the pods' own messages. An API server that is away for a while is waited for too.
 */
export async function waitUntilConverged(
  connection: ClusterConnection,
  options: WaitOptions,
): Promise<Rollout> {
  const client = new ClusterClient(connection);
  const deadline = Date.now() + options.timeoutSeconds * 1000;
  let shown = "";
  let last: Rollout | undefined;
  for (;;) {
    const waiting: string[] = [];
    try {
      const before = last;
      last = await readRollout(client);
      waiting.push(...unfinished(last));
      if (waiting.length === 0 && sameGeneration(before, last)) return last;
    } catch (error) {
      if (!(error instanceof ClusterError && error.transient)) throw error;
      waiting.push(error.message);
    }
    const line = waiting.length ? `waiting for the registry: ${waiting[0]}` : shown;
    if (line !== shown) options.progress(line);
    shown = line;
    if (waiting.length && Date.now() >= deadline) {
      throw new UserError(await gaveUp(client, options.timeoutSeconds, waiting, last));
    }
    await sleep(pollMilliseconds);
  }
}

// Not all that a Config asks for can be seen in the Deployment (a default that comes back, say). A second look at the
// same generation is past the moment in which the operator reports on the one before.
function sameGeneration(one: Rollout | undefined, other: Rollout): boolean {
  return (
    one?.config.metadata?.generation === other.config.metadata?.generation &&
    one?.deployment?.metadata?.generation === other.deployment?.metadata?.generation
  );
}

async function gaveUp(
  client: ClusterClient,
  seconds: number,
  waiting: string[],
  last: Rollout | undefined,
): Promise<string> {
  const lines = [
    `the registry did not converge within ${seconds} s (timeoutSeconds); it is left as it is, and the next up looks again`,
    ...waiting.map((line) => `  waiting: ${line}`),
  ];
  if (!last) return lines.join("\n");
  lines.push(...conditionsOf(last.config).map((condition) => `  condition: ${describeCondition(condition)}`));
  lines.push(...podProblems(last.pods).map((problem) => `  ${problem}`));
  lines.push(...(await podWarnings(client, last)).map((warning) => `  ${warning}`));
  return lines.join("\n");
}

// A volume that cannot be mounted is told in events alone: the pod just stays in ContainerCreating.
async function podWarnings(client: ClusterClient, { pods }: Rollout): Promise<string[]> {
  const unready = new Set(
    pods
      .filter(({ status }) => status?.conditions?.find(({ type }) => type === "Ready")?.status !== "True")
      .map(({ metadata }) => metadata?.name),
  );
  try {
    const events = (await client.list<CoreV1Event>("v1", "Event", registryNamespace)) ?? [];
    const warnings = events.filter(
      ({ type, involvedObject, reason }) =>
        type === "Warning" && reason !== "FailedScheduling" && unready.has(involvedObject.name),
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
