import type { V1LabelSelector, V1NodeSelector, V1Taint, V1Toleration } from "@kubernetes/client-node";

/** Why a node cannot take a pod; platforms/text/obstacles.ts says it in words. */
export type Obstacle =
  | { readonly kind: "label"; readonly key: string; readonly is: string | undefined; readonly asked: string }
  /** With what the pod tolerates of the same key. */
  | { readonly kind: "taint"; readonly is: V1Taint; readonly tolerated: readonly V1Toleration[] }
  /** It is tolerated for so many seconds: the pod would come and go. */
  | { readonly kind: "taint evicts"; readonly is: V1Taint; readonly seconds: number }
  | { readonly kind: "cordoned" }
  | { readonly kind: "not ready" }
  /** It is being deleted. */
  | { readonly kind: "goes" }
  | { readonly kind: "node affinity"; readonly asked: V1NodeSelector }
  /** The volume is only where the selector says. */
  | { readonly kind: "volume"; readonly volume: string; readonly where: V1NodeSelector }
  | { readonly kind: "zone"; readonly volume: string; readonly key: string; readonly value: string }
  /** Amounts as in Resources. */
  | {
      readonly kind: "room";
      readonly resource: string;
      readonly asked: number;
      readonly left: number;
      readonly all: number;
    }
  | { readonly kind: "no domain"; readonly topologyKey: string }
  /** It would have `skew` replicas more than the domain with the fewest. */
  | {
      readonly kind: "skew";
      readonly topologyKey: string;
      readonly is: number;
      readonly asked: number;
      readonly emptiest: string | undefined;
    }
  | { readonly kind: "replica beside"; readonly topologyKey: string }
  | { readonly kind: "pod beside"; readonly topologyKey: string; readonly namespace: string }
  /** One with these labels. */
  | { readonly kind: "no pod beside"; readonly topologyKey: string; readonly asked: V1LabelSelector };
