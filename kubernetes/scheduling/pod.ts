import type {
  KubernetesObject,
  V1Affinity,
  V1Node,
  V1PersistentVolume,
  V1Pod,
  V1TopologySpreadConstraint,
} from "@kubernetes/client-node";
import type { Placement } from "../nodes";
import type { Resources } from "./resources";

/** All of a pod that says to which nodes it can go. */
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

/** A pod that has its node: a replica, or one that the affinity is about. */
export interface PlacedPod {
  readonly node: V1Node;
  readonly labels: Labels;
  /** @default that of the pod to place: a replica of it */
  readonly namespace?: string;
  /** Of a lower priority than the pod to place, which may drive it off its node. @default false */
  readonly makesWay?: boolean;
  /** @default a replica that is yet to be made */
  readonly uid?: string | undefined;
}

/** The pods that are on these nodes, and not on their way out. */
export function replicasOn(nodes: readonly V1Node[], pods: readonly V1Pod[]): PlacedPod[] {
  return pods.flatMap(({ metadata, spec }) => {
    const node = nodes.find((one) => nameOf(one) === spec?.nodeName);
    return node && !metadata?.deletionTimestamp ? [{ node, labels: metadata?.labels ?? {} }] : [];
  });
}

/** Where pods are to be placed. */
export interface Place {
  readonly nodes: readonly V1Node[];
  /** What runs on a node, by its name. A node that is not in it counts as empty. */
  readonly running: ReadonlyMap<string, readonly V1Pod[]>;
  /** The other pods that the affinity is about; undefined where they are not known, and then it keeps off no node. */
  readonly peers?: readonly PlacedPod[] | undefined;
  /** Topology keys of which other nodes than these have further values. @default none: these are all nodes */
  readonly furtherValues?: ReadonlySet<string>;
}

export function labelsOf({ metadata }: Pick<KubernetesObject, "metadata">): Labels {
  return metadata?.labels ?? {};
}

export function nameOf({ metadata }: Pick<KubernetesObject, "metadata">): string {
  return metadata?.name ?? "";
}
