/** One operation on one stack. */
export interface StackRun {
  project: string;
  stack: string;
  /** The program, executed anew by every run. What it returns are the stack's outputs. */
  program: () => Promise<Record<string, unknown> | void>;
  /** As PULUMI_CONFIG has it: full keys (`project:key`), objects JSON-encoded. */
  config: Record<string, string>;
  secretKeys: string[];
  stateFile: string;
  /** Told of every step and diagnostic as it happens. */
  log?: (line: string) => void;
}

export interface Step {
  op: "create" | "update" | "replace" | "delete" | "same" | "retain";
  urn: string;
  type: string;
  name: string;
  /** Paths of the properties that change. */
  diff: string[];
}

export interface Diagnostic {
  severity: "info" | "warning" | "error";
  message: string;
  urn?: string;
  /** Progress, of no interest once the step is done. */
  ephemeral?: boolean;
}

export interface RunResult {
  steps: Step[];
  outputs: Record<string, unknown>;
  diagnostics: Diagnostic[];
  /** What the CLI showed to its user. */
  printed?: string;
}

export class EngineError extends Error {
  constructor(
    message: string,
    /** What was done before it failed. */
    readonly result: RunResult,
  ) {
    super(message);
    this.name = "EngineError";
  }
}
