import { changesProposed } from "../../stack/cli";
import type { Message } from "../../stack/events";
import type { Changes } from "./events";
import type { ResourceChange } from "./resource-changes";

/** A run of one of the engine's operations. */
export interface PulumiRun {
  readonly exitCode: number;
  /** All it wrote, both streams as they came, without the job's secrets. */
  readonly output: string;
  readonly findings: readonly Message[];
  readonly changes: Changes;
  readonly resources: readonly ResourceChange[];
}

export function hasFailed({ exitCode }: Pick<PulumiRun, "exitCode">): boolean {
  return exitCode !== 0 && exitCode !== changesProposed;
}
