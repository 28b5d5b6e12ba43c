import { readdirSync } from "node:fs";
import { constants } from "node:os";
import * as path from "node:path";

import { UserError } from "../errors";
import { readOptions } from "../stack/options";
import { fullKey, stackConfiguration } from "../stack/stack-file";
import {
  defaultDirectory,
  runningControlPlane,
  startControlPlane,
  stopControlPlane,
  type ControlPlaneOptions,
} from "./control-plane";
import { findEngine, Stacks } from "./engine";
import { type SandboxExportHost, startExportHost } from "./export-host";
import { withLock } from "./lock";
import { runStack } from "./run-stack";
import { startSandbox } from "./start";

const usage = `npm run sandbox -- [command] [options]

  (no command)     start the sandbox unless it runs, put a stack on it, show what came up;
                   then stop the sandbox if this started it
  start            start the sandbox unless it runs, and leave it running
  stop             stop it; its logs stay in .sandbox/logs

  --stack NAME     the stack to run: the NAME of a Pulumi.NAME.yaml (default: dev)
  --keep           leave the sandbox running afterwards
  --kubeconfig     print the path of the sandbox's kubeconfig, started and left running if need be
  --directory PATH the folder of the sandbox's state, one sandbox for each (default: .sandbox)
  --help           print this`;

type Sandbox = Required<Pick<ControlPlaneOptions, "directory" | "log" | "signal">>;

const exclusive = { name: "run", purpose: "npm run sandbox" };
const log = (line: string) => console.error(line);

async function main(signal: AbortSignal): Promise<void> {
  const { command, options } = readArguments();
  if (options.help) return console.log(usage);
  const sandbox = { directory: path.resolve(options.directory), log, signal };
  if (options.kubeconfig) return console.log(await kubeconfig(sandbox));
  const work = {
    run: () => run(options.stack, options.keep, sandbox),
    start: () => startSandbox(sandbox).then(({ kubeconfig }) => log(`the sandbox runs: ${kubeconfig}`)),
    stop: () => stopControlPlane(sandbox).then(() => log("the sandbox is stopped")),
  }[command];
  await withLock(sandbox.directory, exclusive, work);
}

async function run(stack: string, keep: boolean, sandbox: Sandbox): Promise<void> {
  const engine = await findEngine(path.join(sandbox.directory, "plugins"), sandbox);
  console.log([engine.description, ...engine.notes].join("\n"));
  const stays = keep || (await runningControlPlane(sandbox.directory)) !== undefined;
  let host: SandboxExportHost | undefined;
  try {
    const isStandalone = stackConfiguration(stack, {})[fullKey("platform")] === "standalone";
    const controlPlane = await (isStandalone ? startControlPlane : startSandbox)(sandbox);
    host = await startExportHost(stack, sandbox.directory, log);
    // In the folder that lives and dies with the cluster, as what a stack remembers should.
    const stacks = new Stacks(engine, path.join(sandbox.directory, "cluster", "pulumi"));
    await runStack({ stacks, stack, controlPlane, overlay: host?.overlay, signal: sandbox.signal });
  } finally {
    await host?.stop();
    if (!stays) await stopControlPlane(sandbox);
  }
}

async function kubeconfig(sandbox: Sandbox): Promise<string> {
  const running = await runningControlPlane(sandbox.directory);
  const { kubeconfig } =
    running ?? (await withLock(sandbox.directory, exclusive, () => startSandbox(sandbox)));
  return kubeconfig;
}

function readArguments() {
  const { values, positionals } = parse();
  const command = positionals[0] ?? "run";
  if (positionals.length > 1 || !isCommand(command)) {
    throw new UserError(`unknown command "${positionals.join(" ")}"\n\n${usage}`);
  }
  const stack = values.stack ?? "dev";
  if (!stacks().includes(stack)) {
    throw new UserError(
      `--stack "${stack}": there is no Pulumi.${stack}.yaml; stacks: ${stacks().join(", ")}`,
    );
  }
  const { keep = false, kubeconfig = false, directory = defaultDirectory, help = false } = values;
  return { command, options: { stack, keep, kubeconfig, directory, help } };
}

function parse() {
  const flag = { type: "boolean" } as const;
  const text = { type: "string" } as const;
  const options = { stack: text, keep: flag, kubeconfig: flag, directory: text, help: flag };
  return readOptions(usage, { allowPositionals: true, options });
}

function isCommand(text: string): text is "run" | "start" | "stop" {
  return ["run", "start", "stop"].includes(text);
}

function stacks(): string[] {
  const files = readdirSync(path.dirname(__dirname));
  return files.flatMap((file) => /^Pulumi\.(.+)\.yaml$/.exec(file)?.[1] ?? []);
}

/** Ctrl-C, SIGTERM or a reader that goes away (`| head`) ends the work in order; a second signal, this process at once. */
function interruptible(): AbortSignal {
  const controller = new AbortController();
  process.stdout.on("error", () => {
    process.exitCode = 1;
    controller.abort(new UserError("nobody reads what is printed"));
  });
  process.stderr.on("error", () => undefined);
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    process.on(name, () => {
      if (controller.signal.aborted) process.exit();
      log(`${name}: stopping`);
      process.exitCode = 128 + constants.signals[name];
      controller.abort(new UserError(`ended by ${name}`));
    });
  }
  return controller.signal;
}

void main(interruptible()).then(
  () => process.exit(),
  (error: unknown) => {
    // What the user or the system caused (a full disk, a folder not writable) is told without a stack trace.
    const plain = error instanceof UserError || (error as NodeJS.ErrnoException).syscall !== undefined;
    console.error(plain ? `error: ${(error as Error).message}` : error);
    process.exit(process.exitCode ?? 1);
  },
);
