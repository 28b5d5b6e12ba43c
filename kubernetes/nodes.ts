import type { V1Toleration } from "@kubernetes/client-node";

/** The role of nodes kept for what the cluster itself needs. */
export const infraLabel = "node-role.kubernetes.io/infra";

/** Where pods may run: the parts of a pod spec that choose nodes. */
export interface Placement {
  /** Labels a node must carry; empty means any node. */
  readonly nodeSelector: Readonly<Record<string, string>>;
  readonly tolerations: readonly V1Toleration[];
}
