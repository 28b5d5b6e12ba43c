import type { Changes, Finding } from "./events";

/** A run of one of the engine's operations. */
export interface PulumiRun {
  readonly exitCode: number;
  /** All it wrote, both streams as they came, without the job's secrets. */
  readonly output: string;
  readonly findings: readonly Finding[];
  readonly changes: Changes;
}

/** `--expect-no-changes` ends with it when there are some. */
export const changesProposed = 7;

export function hasFailed({ exitCode }: Pick<PulumiRun, "exitCode">): boolean {
  return exitCode !== 0 && exitCode !== changesProposed;
}
