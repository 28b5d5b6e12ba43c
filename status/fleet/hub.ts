import { readFileSync } from "node:fs";
import type { KubernetesObject } from "@kubernetes/client-node";
import { parse } from "yaml";

import { UserError } from "../../errors";
import { namespaces } from "../../fleet/hub";
import { ClusterClient } from "../../kubernetes/client";

/** What a Stack object of the hub says of its last run. */
export interface HubRun {
  /** up, preview or approved, as fleet/ names them. */
  readonly mode: string;
  readonly state: "running" | "succeeded" | "failed" | "stalled" | "waiting";
  /** up, preview, …, as the operator names what it ran. */
  readonly type?: string;
  /** When it ended (ISO 8601). */
  readonly at?: string;
  readonly commit?: string;
  readonly message?: string;
}

interface StackObject extends KubernetesObject {
  status?: {
    conditions?: { type: string; status: string; message?: string }[];
    currentUpdate?: { commit?: string };
    lastUpdate?: {
      state?: string;
      type?: string;
      lastResyncTime?: string;
      lastAttemptedCommit?: string;
      message?: string;
    };
  };
}

/** A client of the hub, which is the current context of its kubeconfig. */
export function hubAt(kubeconfig: string): ClusterClient {
  return new ClusterClient({ kubeconfig, context: currentContext(kubeconfig) });
}

/** The runs of the hub, by stack. */
export async function readHub(client: ClusterClient): Promise<ReadonlyMap<string, readonly HubRun[]>> {
  const lists = await Promise.all(
    Object.values(namespaces).map((namespace) =>
      client.list<StackObject>("pulumi.com/v1", "Stack", namespace),
    ),
  );
  if (lists.every((list) => list === undefined))
    throw new UserError("that cluster has no kind Stack of pulumi.com/v1; is the operator there?");
  const runs = new Map<string, HubRun[]>();
  for (const object of lists.flatMap((list) => list ?? [])) {
    const labels = object.metadata?.labels ?? {};
    const stack = labels["image-registry/stack"];
    if (stack !== undefined)
      runs.set(stack, [...(runs.get(stack) ?? []), runOf(object, labels["image-registry/mode"] ?? "")]);
  }
  return runs;
}

export function runOf({ status = {} }: StackObject, mode: string): HubRun {
  const { conditions = [], currentUpdate, lastUpdate } = status;
  const stalled = conditions.find(({ type, status }) => type === "Stalled" && status === "True");
  const { state, type, lastResyncTime, lastAttemptedCommit, message } = lastUpdate ?? {};
  const commit = currentUpdate?.commit ?? lastAttemptedCommit;
  const said = message || stalled?.message;
  return {
    mode,
    state: currentUpdate ? "running" : stalled && state !== "failed" ? "stalled" : stateOf(state),
    ...(type && { type }),
    ...(lastResyncTime && { at: lastResyncTime }),
    ...(commit && { commit }),
    ...(said && !(state === "succeeded" && !stalled) && { message: said }),
  };
}

function stateOf(state: string | undefined): HubRun["state"] {
  return state === "succeeded" || state === "failed" ? state : "waiting";
}

function currentContext(file: string): string {
  const { "current-context": context } = (readYaml(file) ?? {}) as { "current-context"?: string };
  if (!context) throw new UserError(`--hub "${file}": names no current-context`);
  return context;
}

function readYaml(file: string): unknown {
  try {
    return parse(readFileSync(file, "utf8")) as unknown;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new UserError(`--hub "${file}": ${code === "ENOENT" ? "does not exist" : "is not a kubeconfig"}`);
  }
}
