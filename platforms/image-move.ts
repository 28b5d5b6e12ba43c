import type { V1PodSpec } from "@kubernetes/client-node";
import type { Storage } from "../backends/backend";

/** Images that go along when the registry changes from one store to another. */
export interface Move {
  readonly namespace: string;
  readonly from: Storage;
  /** Of the claim that the images move to. */
  readonly targetClaim: string;
  /** Bytes that the target is said to hold. @default nothing is known, or no limit: an export */
  readonly targetBytes?: number | undefined;
  /** The registry's pod as it is to be, as far as it says who and where the mover is. */
  readonly pod: V1PodSpec;
  /** The one node that can mount the source, where only one can. */
  readonly node?: string | undefined;
}
