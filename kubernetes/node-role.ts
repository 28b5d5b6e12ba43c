import type { V1Node, V1Taint } from "@kubernetes/client-node";
import type { Placement } from "./nodes";
import { repels, tolerates } from "./scheduling/taints";

/** A taint as server-side apply takes it: without the time of its making. */
export type Taint = Pick<V1Taint, "key" | "value" | "effect">;

/** What making a node an infra node changes in it; what of it serves already, stays as it is. */
export interface RoleChanges {
  /** Values that the nodeSelector wants otherwise. */
  readonly labels: readonly { readonly key: string; readonly is: string; readonly asked: string }[];
  /** Taints that would keep the placed pods off as they are. */
  readonly taints: readonly { readonly is: Taint; readonly asked: Taint }[];
  readonly added: readonly Taint[];
}

export function roleChanges({ metadata, spec }: V1Node, placement: Placement): RoleChanges {
  const live = spec?.taints ?? [];
  const wanted = placement.tolerations.flatMap((toleration) => {
    const { key, value, effect } = toleration;
    const serves = live.some((taint) => taint.key === key && repels(taint) && tolerates(toleration, taint));
    return key && !serves ? [{ key, value, effect: effect ?? "NoSchedule" }] : [];
  });
  const changed = wanted.flatMap((asked) => {
    const is = live.find((taint) => isSame(taint, asked));
    return is ? [{ is: applied(is), asked }] : [];
  });
  const labels = metadata?.labels ?? {};
  return {
    labels: Object.entries(placement.nodeSelector).flatMap(([key, asked]) => {
      const is = labels[key];
      return is === undefined || is === asked ? [] : [{ key, is, asked }];
    }),
    taints: changed,
    added: wanted.filter((asked) => !live.some((taint) => isSame(taint, asked))),
  };
}

/**
 * All taints of the node as it is to be. The list is atomic to server-side apply: to add ours is to name those of others
 * too. What Kubernetes itself puts on a node that is cordoned or not ready comes and goes, and comes back by itself.
 */
export function taintsToBe(live: V1Node | undefined, placement: Placement): Taint[] {
  const node = live ?? {};
  const { taints, added } = roleChanges(node, placement);
  const kept = (node.spec?.taints ?? []).filter(({ key }) => !key.startsWith("node.kubernetes.io/"));
  return [...kept.map((one) => taints.find(({ is }) => isSame(is, one))?.asked ?? applied(one)), ...added];
}

/** The node as it will be, for those that ask what can run on it. */
export function withRole(node: V1Node, placement: Placement): V1Node {
  const own = (node.spec?.taints ?? []).filter(({ key }) => key.startsWith("node.kubernetes.io/"));
  return {
    ...node,
    metadata: { ...node.metadata, labels: { ...node.metadata?.labels, ...placement.nodeSelector } },
    spec: { ...node.spec, taints: [...own, ...taintsToBe(node, placement)] },
  };
}

function applied({ key, value, effect }: V1Taint): Taint {
  return { key, value, effect };
}

// Kubernetes allows one taint of a key and effect.
function isSame(one: Taint, other: Taint): boolean {
  return one.key === other.key && one.effect === other.effect;
}
