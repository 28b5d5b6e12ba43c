import assert from "node:assert/strict";
import type { EngineEvent, StepEventMetadata } from "@pulumi/pulumi/automation";
import { checkConfiguration, type Configuration, valuesFrom } from "../../config";
import { secretKeys } from "../../config/schema";
import type { Stacks } from "../../sandbox/engine";
import { type Message, messageOf } from "../../stack/events";
import { fullKey, projectName, stackConfiguration } from "../../stack/stack-file";
import { assertHidden } from "./secrets";

/** A stack as a test wants it. */
export interface StackRun {
  readonly stacks: Stacks;
  readonly stack: string;
  /** Configuration over what the stack's file says. */
  readonly overlay: Readonly<Record<string, unknown>>;
  /** Keys besides the program's own secret ones that are kept encrypted. */
  readonly moreSecretKeys?: readonly string[];
  /** The secrets that it has got without being told: named, for who reads of one that is in plain text. */
  readonly secrets: () => Promise<Record<string, string>>;
  /** Told of every line that the CLI writes, as it does. */
  readonly log?: (line: string) => void;
}

export interface Step {
  readonly op: "create" | "update" | "replace" | "delete" | "same" | "retain";
  readonly type: string;
  readonly name: string;
  /** Paths of the properties that change. */
  readonly diff: readonly string[];
}

export interface RunResult {
  readonly steps: readonly Step[];
  readonly diagnostics: readonly Message[];
  /** Of the stack, secrets masked; none in a preview. */
  readonly outputs: Readonly<Record<string, unknown>>;
  /** What a user read. */
  readonly printed: string;
}

/** An operation that failed; the message is what the engine said of it. */
export class RunFailed extends Error {
  constructor(
    message: string,
    /** What was done before. */
    readonly result: RunResult,
  ) {
    super(message);
  }
}

export const preview = (run: StackRun) => operate(run, ["preview", "--diff"]);
/** A preview that fails when it finds something to do. */
export const expectNoChanges = (run: StackRun) => operate(run, ["preview", "--diff", "--expect-no-changes"]);
export const up = (run: StackRun, ...more: string[]) => operate(run, ["up", ...atOnce, ...more]);
/** Brings the state to what is there; the steps say what was not as remembered. */
export const refresh = (run: StackRun) => operate(run, ["refresh", ...atOnce]);
export const destroy = (run: StackRun) => operate(run, ["destroy", ...atOnce]);

const atOnce = ["--yes", "--skip-preview"];

async function operate(run: StackRun, args: readonly string[]): Promise<RunResult> {
  const { stacks, stack, log } = run;
  await configure(run);
  const all = [...args, "--color", "never"];
  const { exitCode, output, events } = await stacks.operate(all, stack, { ...(log && { echo: log }) });
  await assertHidden(run, { output, "log of events": told(events) });
  const result = resultOf(events, output);
  if (exitCode === 0) return result;
  const said = result.diagnostics.filter(({ severity }) => severity === "error");
  throw new RunFailed(said.map(({ message }) => message).join("\n") || output, result);
}

/** What programs are told. Not what nobody is shown: the SDK's debugging; nor of a state before, which was searched then. */
function told(events: readonly EngineEvent[]): string {
  const shown = events.filter(({ diagnosticEvent }) => !diagnosticEvent || messageOf(diagnosticEvent));
  return JSON.stringify(shown, (key, value: unknown) => (key === "old" ? undefined : value));
}

/** Gives the stack its configuration: what an operation does first. */
export async function configure({ stacks, stack, overlay, moreSecretKeys = [] }: StackRun): Promise<void> {
  const keys = [...secretKeys, ...moreSecretKeys].map(fullKey);
  await stacks.configure({ stack, overlay, secretKeys: keys });
}

/** The configuration as the program reads it. */
export function configurationOf({ stack, overlay }: StackRun): Configuration {
  return checkConfiguration(valuesFrom(stackConfiguration(stack, overlay), projectName), stack);
}

export async function failure(run: Promise<RunResult>): Promise<RunFailed> {
  const error = await run.then(
    () => assert.fail("the run should have failed"),
    (reason: unknown) => reason,
  );
  if (error instanceof RunFailed) return error;
  throw error;
}

/** What the run did, `update registry` for example. */
export function changes({ steps }: Pick<RunResult, "steps">): string[] {
  return steps.filter(({ op }) => op !== "same").map(({ op, name }) => `${op} ${name}`);
}

export function warnings({ diagnostics }: RunResult): string {
  const said = diagnostics.filter(({ severity }) => severity === "warning");
  return said.map(({ message }) => message).join("\n");
}

function resultOf(events: readonly EngineEvent[], printed: string): RunResult {
  const steps: Step[] = [];
  const diagnostics: Message[] = [];
  let outputs: RunResult["outputs"] = {};
  for (const { diagnosticEvent, resourcePreEvent, resOutputsEvent } of events) {
    const message = diagnosticEvent && messageOf(diagnosticEvent);
    if (message) diagnostics.push(message);
    // What a preview would do is told ahead, what an up has done when it is done.
    const told = resourcePreEvent?.planning ? resourcePreEvent : resOutputsEvent;
    if (!told || (told.planning && resOutputsEvent)) continue;
    const step = stepOf(told.metadata);
    if (step) steps.push(step);
    if (step?.type === "pulumi:pulumi:Stack") outputs = told.metadata.new?.outputs ?? {};
  }
  return { steps, diagnostics, outputs, printed };
}

const ops = ["create", "update", "replace", "delete", "same"] as const;

function stepOf({ op: told, urn, type, old, diffs = [], detailedDiff }: StepEventMetadata): Step | undefined {
  const name = urn.split("::").at(-1) ?? "";
  const op = ops.find((one) => one === String(told));
  if (!op || (type.startsWith("pulumi:providers:") && name.startsWith("default_"))) return undefined;
  const retained = op === "delete" && old?.retainOnDelete;
  return { op: retained ? "retain" : op, type, name, diff: detailedDiff ? Object.keys(detailedDiff) : diffs };
}
