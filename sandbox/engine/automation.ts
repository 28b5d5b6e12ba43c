import { execFile } from "node:child_process";
import { accessSync, constants, mkdirSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import * as path from "node:path";
import { promisify } from "node:util";
import {
  type DiagnosticEvent,
  type EngineEvent,
  LocalWorkspace,
  type ProjectRuntimeInfo,
  PulumiCommand,
  type Stack,
  type StepEventMetadata,
} from "@pulumi/pulumi/automation";
import { parse } from "yaml";
import { nameOf } from "./state";
import { type Diagnostic, EngineError, type RunResult, type StackRun, type Step } from "./types";
import { mask, type PropertyMap } from "./values";

const wrapperPatience = 120_000;

/**
 * The Pulumi CLI to use: one on PATH, else the one that the npm package `pulumi` brings with its first run. That one
 * needs Pulumi's own download site; where it cannot be reached, there is none.
 */
export async function findPulumi(): Promise<PulumiCommand | undefined> {
  const wrapper = require.resolve("pulumi/run.js");
  const folders = (process.env.PATH ?? "").split(path.delimiter);
  const installed = folders.find((folder) => path.basename(folder) === "bin" && hasPulumi(folder));
  if (installed !== undefined)
    return PulumiCommand.get({ root: path.dirname(installed) }).catch(() => undefined);
  try {
    const env = { ...process.env, PULUMI_SKIP_UPDATE_CHECK: "true" };
    const { stdout } = await promisify(execFile)(process.execPath, [wrapper, "version"], {
      env,
      timeout: wrapperPatience,
    });
    const home = process.env.PULUMI_HOME ?? path.join(homedir(), ".pulumi");
    return await PulumiCommand.get({ root: path.join(home, "versions", stdout.trim().replace(/^v/, "")) });
  } catch {
    return undefined;
  }
}

function hasPulumi(folder: string): boolean {
  try {
    accessSync(path.join(folder, "pulumi"), constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

export interface Settings {
  pulumiCommand: PulumiCommand;
  /** For the file backend and the workspace: what the CLI writes stays out of the project. */
  directory: string;
  /** Of the project whose program is run, as its Pulumi.yaml says; the run's own `program` is not. */
  projectDirectory: string;
}

export function preview(run: StackRun, settings: Settings): Promise<RunResult> {
  return withStack(run, settings, (stack, onEvent) => stack.preview({ onEvent }).then(() => ({})));
}

export function up(run: StackRun, settings: Settings): Promise<RunResult> {
  return withStack(run, settings, (stack, onEvent) => stack.up({ onEvent }).then(() => outputsOf(stack)));
}

export function destroy(run: StackRun, settings: Settings): Promise<RunResult> {
  return withStack(run, settings, (stack, onEvent) => stack.destroy({ onEvent }).then(() => ({})));
}

async function withStack(
  run: StackRun,
  settings: Settings,
  operate: (stack: Stack, onEvent: (event: EngineEvent) => void) => Promise<Record<string, unknown>>,
): Promise<RunResult> {
  const result: RunResult = { steps: [], outputs: {}, diagnostics: [] };
  const stack = await stackOf(run, settings);
  try {
    result.outputs = await operate(stack, (event) => take(event, result, run.log));
    return result;
  } catch (error) {
    const said = result.diagnostics
      .filter(({ severity }) => severity === "error")
      .map(({ message }) => message);
    throw new EngineError(said.join("\n") || (error as Error).message, result);
  }
}

async function stackOf(
  run: StackRun,
  { pulumiCommand, directory, projectDirectory }: Settings,
): Promise<Stack> {
  const project = parse(readFileSync(path.join(projectDirectory, "Pulumi.yaml"), "utf8")) as {
    runtime: ProjectRuntimeInfo;
    main?: string;
  };
  const [workDir, backend] = [path.join(directory, "workspace"), path.join(directory, "backend")];
  for (const folder of [workDir, backend]) mkdirSync(folder, { recursive: true });
  const workspace = await LocalWorkspace.create({
    pulumiCommand,
    workDir,
    projectSettings: {
      name: run.project,
      runtime: project.runtime,
      main: path.join(projectDirectory, project.main ?? ""),
      backend: { url: `file://${backend}` },
    },
    secretsProvider: "passphrase",
    envVars: {
      PULUMI_CONFIG_PASSPHRASE: "",
      PULUMI_SKIP_UPDATE_CHECK: "true",
      PULUMI_BACKEND_URL: `file://${backend}`,
    },
  });
  const { Stack: Stacks } = await import("@pulumi/pulumi/automation");
  const stack = await Stacks.createOrSelect(run.stack, workspace);
  const values = Object.entries(run.config).map(([key, value]) => [
    key,
    { value, secret: run.secretKeys.includes(key) },
  ]);
  await stack.setAllConfig(Object.fromEntries(values) as Record<string, { value: string; secret: boolean }>);
  return stack;
}

/** From the stack's state, where every secret is marked, nested ones too. */
async function outputsOf(stack: Stack): Promise<Record<string, unknown>> {
  const { deployment } = (await stack.exportStack()) as {
    deployment: { resources?: { type: string; outputs?: PropertyMap }[] };
  };
  const root = deployment.resources?.find(({ type }) => type === "pulumi:pulumi:Stack");
  return mask(root?.outputs ?? {}) as PropertyMap;
}

function take(event: EngineEvent, result: RunResult, log: StackRun["log"]): void {
  if (event.diagnosticEvent) takeDiagnostic(event.diagnosticEvent, result, log);
  const step = event.resourcePreEvent?.planning ? event.resourcePreEvent : event.resOutputsEvent;
  if (step && !(step.planning && event.resOutputsEvent)) takeStep(step.metadata, result, log);
}

const severities: Record<string, Diagnostic["severity"]> = {
  info: "info",
  "info#err": "info",
  warning: "warning",
  error: "error",
};

const ops: Record<string, Step["op"]> = {
  create: "create",
  update: "update",
  replace: "replace",
  delete: "delete",
  same: "same",
};

function takeStep(metadata: StepEventMetadata, result: RunResult, log: StackRun["log"]): void {
  const { urn, type, old, diffs = [], detailedDiff } = metadata;
  const op = metadata.op === "delete" && old?.retainOnDelete ? "retain" : ops[metadata.op];
  const name = nameOf(urn);
  const isDefaultProvider = type.startsWith("pulumi:providers:") && name.startsWith("default_");
  if (!op || isDefaultProvider) return;
  const diff = detailedDiff ? Object.keys(detailedDiff) : diffs;
  result.steps.push({ op, urn, type, name, diff });
  if (op !== "same") log?.(`${op} ${type} ${name}`);
}

function takeDiagnostic(event: DiagnosticEvent, result: RunResult, log: StackRun["log"]): void {
  const { urn, ephemeral } = event;
  const message = event.message.replaceAll(/<\{%.*?%\}>/g, "").trim();
  // The typings leave out debug.
  const severity = severities[event.severity];
  if (!severity || message === "" || /^(preview|update|destroy) failed$/.test(message)) return;
  result.diagnostics.push({ severity, message, ...(urn && { urn }), ...(ephemeral && { ephemeral }) });
  log?.(`${severity}: ${message}`);
}
