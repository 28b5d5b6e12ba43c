import { execFile } from "node:child_process";
import { mkdirSync, readFileSync } from "node:fs";
import * as path from "node:path";
import { promisify } from "node:util";
import {
  type EngineEvent,
  LocalWorkspace,
  type ProjectRuntimeInfo,
  type PulumiCommand,
  type Stack,
} from "@pulumi/pulumi/automation";
import { parse } from "yaml";
import { take } from "./events";
import { EngineError, type RunResult, type StackRun } from "./types";
import { mask, type PropertyMap } from "./values";

export interface Settings {
  pulumiCommand: PulumiCommand;
  /** For the file backend and the workspace: what the CLI writes stays out of the project. */
  directory: string;
  /** Of the project whose program is run, as its Pulumi.yaml says; the run's own `program` is not. */
  projectDirectory: string;
}

export function preview(run: StackRun, settings: Settings): Promise<RunResult> {
  return withStack(run, settings, (stack, how) => stack.preview(how).then(() => ({})));
}

/** Fails unless the stack is what its program asks for. */
export function expectNoChanges(run: StackRun, settings: Settings): Promise<RunResult> {
  return withStack(run, settings, (stack, how) =>
    stack.preview({ ...how, expectNoChanges: true }).then(() => ({})),
  );
}

export function up(run: StackRun, settings: Settings): Promise<RunResult> {
  return withStack(run, settings, (stack, how) => stack.up(how).then(() => outputsOf(stack)));
}

/** Brings the state to what is there; the steps say what was not as remembered. */
export function refresh(run: StackRun, settings: Settings): Promise<RunResult> {
  return withStack(run, settings, (stack, how) => stack.refresh(how).then(() => ({})));
}

export function destroy(run: StackRun, settings: Settings): Promise<RunResult> {
  return withStack(run, settings, (stack, how) => stack.destroy(how).then(() => ({})));
}

/** What `pulumi stack export` and `pulumi stack output` print. */
export async function exported(run: StackRun, settings: Settings): Promise<string> {
  const { workspace } = await stackOf(run, settings);
  const print = async (...args: string[]) => {
    const env = { ...process.env, ...workspace.envVars };
    const options = { cwd: workspace.workDir, env, maxBuffer: 64 * 1024 * 1024 };
    const { stdout } = await promisify(execFile)(settings.pulumiCommand.command, ["stack", ...args], options);
    return stdout;
  };
  return (
    (await print("export", "--stack", run.stack)) + (await print("output", "--json", "--stack", run.stack))
  );
}

interface How {
  onEvent: (event: EngineEvent) => void;
  onOutput: (text: string) => void;
  onError: (text: string) => void;
  color: "never";
  diff: true;
}

async function withStack(
  run: StackRun,
  settings: Settings,
  operate: (stack: Stack, how: How) => Promise<Record<string, unknown>>,
): Promise<RunResult> {
  const result: RunResult = { steps: [], outputs: {}, diagnostics: [], printed: "" };
  const stack = await stackOf(run, settings);
  const onEvent = (event: EngineEvent) => take(event, result, run.log);
  const print = (text: string) => void (result.printed += text);
  try {
    result.outputs = await operate(stack, {
      onEvent,
      onOutput: print,
      onError: print,
      color: "never",
      diff: true,
    });
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
