import { nameOf, type ResourceState } from "./state";
import { type Diagnostic, EngineError, type RunResult, type StackRun, type Step } from "./types";

/** Told to the program in place of an answer once a step has failed: nothing more is going to be done. */
export class Stopped extends Error {}

/** What a run has done so far, and what went wrong. */
export class Report {
  readonly result: RunResult = { steps: [], outputs: {}, diagnostics: [] };
  /** Settles with the first step that fails. */
  readonly whenStopped: Promise<void>;
  private readonly errors: string[] = [];
  private stop: () => void = () => undefined;
  private stepFailed = false;

  constructor(private readonly log: StackRun["log"]) {
    this.whenStopped = new Promise((resolve) => (this.stop = resolve));
  }

  /** Something failed: nothing is going to be deleted. */
  get failed(): boolean {
    return this.errors.length > 0;
  }

  /** A step failed: nothing more is going to be done at all. */
  get stopped(): boolean {
    return this.stepFailed;
  }

  diagnostic(diagnostic: Diagnostic): void {
    this.result.diagnostics.push(diagnostic);
    this.log?.(`${diagnostic.severity}: ${diagnostic.message}`);
  }

  step(op: Step["op"], { urn, type }: ResourceState, diff: string[] = []): void {
    const name = nameOf(urn);
    this.result.steps.push({ op, urn, type, name, diff });
    if (op !== "same") this.log?.(`${op} ${type} ${name}`);
  }

  /** An error of the program: its other resources are still taken care of, as far as it registers them. */
  programFailed(message: string, shown = message): void {
    this.errors.push(message);
    this.diagnostic({ severity: "error", message: shown });
  }

  resourceFailed(error: unknown, urn: string): void {
    this.stepFailed = true;
    this.stop();
    const message = error instanceof Error ? error.message : String(error);
    this.errors.push(message);
    this.diagnostic({ severity: "error", message, urn });
  }

  finish(): RunResult {
    if (this.failed) throw new EngineError(this.errors.join("\n"), this.result);
    return this.result;
  }
}
