import type { Finding } from "../backends/backend";
import type { Trouble } from "./observed";

export type { Finding };

export interface Findings {
  /** What would break or lose something: the run ends before anything is touched. */
  readonly errors: readonly Finding[];
  /** What is wrong now, or about to be changed by force. */
  readonly warnings: readonly Finding[];
  /** What is good to know. @default nothing */
  readonly notes?: readonly Finding[];
  /** Why the live registry does not serve what it was last asked. @default it does */
  readonly trouble?: Trouble | undefined;
}
