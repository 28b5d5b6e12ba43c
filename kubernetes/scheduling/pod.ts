import type {
  KubernetesObject,
  V1Affinity,
  V1Node,
  V1PersistentVolume,
  V1TopologySpreadConstraint,
} from "@kubernetes/client-node";
import type { Placement } from "../nodes";
import type { Resources } from "./resources";

/** All of a pod that says to which nodes it can go. Affinity to other pods is not looked at. */
export interface PodToPlace extends Placement {
  readonly affinity?: V1Affinity | undefined;
  readonly topologySpreadConstraints?: readonly V1TopologySpreadConstraint[] | undefined;
  /** By them it knows its replicas. @default none */
  readonly labels?: Labels;
  /** @default "" */
  readonly namespace?: string;
  /** What its containers ask for together. @default nothing */
  readonly requests?: Resources;
  /** Pods of a lower priority make way for it. @default 0 */
  readonly priority?: number;
  /** The volume that its claim is bound to. @default none */
  readonly volume?: V1PersistentVolume | undefined;
}

export type Labels = Readonly<Record<string, string>>;

/** A replica that has its node. */
export interface PlacedPod {
  readonly node: V1Node;
  readonly labels: Labels;
}

export function labelsOf({ metadata }: Pick<KubernetesObject, "metadata">): Labels {
  return metadata?.labels ?? {};
}

export function nameOf({ metadata }: Pick<KubernetesObject, "metadata">): string {
  return metadata?.name ?? "";
}
