import type { V1Pod } from "@kubernetes/client-node";
import type { ClusterClient } from "../kubernetes/client";
import type { StartOptions } from "./mover";

/** What a move of images, its hold and its end are run with. */
export interface MoveOptions extends StartOptions {
  readonly client: ClusterClient;
  /** Tells this run from another that may be under way, by a stack of another backend or a copy of this one. */
  readonly run: string;
  /** The registry's own pods, as they are now. */
  readonly readPods: () => Promise<readonly V1Pod[]>;
  /** Seconds for each thing that is waited for. */
  readonly timeoutSeconds: number;
  readonly progress: (line: string) => void;
}
