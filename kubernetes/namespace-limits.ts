import type { V1LimitRange, V1ResourceQuota } from "@kubernetes/client-node";
import { type ClusterClient, unlessForbidden } from "./client";
import type { Amounts } from "./limit-range";

/** What an administrator allows the pods and claims of a namespace. */
export interface NamespaceLimits {
  readonly quotas: readonly V1ResourceQuota[];
  readonly ranges: readonly V1LimitRange[];
}

/** A pod of one container, as admission looks at it. */
export interface AdmittedPod extends Amounts {
  /** @default none */
  readonly priorityClass?: string | undefined;
}

/** Undefined where this user may not see them. */
export function readLimits(client: ClusterClient, namespace: string): Promise<NamespaceLimits | undefined> {
  const both = Promise.all([
    client.list<V1ResourceQuota>("v1", "ResourceQuota", namespace),
    client.list<V1LimitRange>("v1", "LimitRange", namespace),
  ]);
  return unlessForbidden(both.then(([quotas = [], ranges = []]) => ({ quotas, ranges })));
}
