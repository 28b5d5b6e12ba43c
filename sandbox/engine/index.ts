import { existsSync, mkdirSync } from "node:fs";
import * as path from "node:path";
import type { PulumiFn } from "@pulumi/pulumi/automation";

import { UserError } from "../../errors";
import { type CliOptions, isExecutable, runCli } from "../../stack/cli";
import { type OperationRun, runOperation } from "../../stack/events";
import { projectName } from "../../stack/stack-file";
import type { BuildOptions } from "../tools/build";
import { findCli } from "./find";
import { serveProgram } from "./language-server";
import { findPlugins } from "./plugins";
import { linkProject, type StackConfiguration, writeStackFile } from "./project";

/** Pulumi's engine, as this machine can have it. */
export interface Engine {
  readonly cli: string;
  /** Version, where it came from, and how the program is run, for people. */
  readonly description: string;
  /** What plugins are not the released ones. */
  readonly notes: readonly string[];
  /** Whether the CLI can run programs; else they are run in this process. */
  readonly hasLanguageHost: boolean;
  /** Folders that only the CLI has on its PATH. */
  readonly pluginFolders: readonly string[];
}

/** Finds the engine, or builds it, which takes minutes; the executables that stand in for plugins go to `standIns`. */
export async function findEngine(standIns: string, options: BuildOptions): Promise<Engine> {
  const cli = await findCli(options);
  const plugins = await findPlugins(cli, standIns, options);
  const hasLanguageHost = isExecutable(path.join(path.dirname(cli.path), "pulumi-language-nodejs"));
  const program = hasLanguageHost ? "" : "; it has no language host, so the program runs in this process";
  return {
    cli: cli.path,
    description: `pulumi ${cli.version}, ${cli.origin}${program}`,
    notes: plugins.notes,
    hasLanguageHost,
    pluginFolders: plugins.folders,
  };
}

/** Who keeps the key that a stack's secrets are encrypted with, as `pulumi stack init --secrets-provider` takes it. */
export interface SecretsProvider {
  readonly url: string;
  /** What the CLI finds it by. */
  readonly environment: Readonly<Record<string, string>>;
}

const passphrase: SecretsProvider = { url: "passphrase", environment: {} };

/** The project's stacks in the sandbox: their files and what they remember are below `directory`. */
export class Stacks {
  constructor(
    private readonly engine: Engine,
    private readonly directory: string,
    /** Run in place of the project's own. */
    private readonly program?: PulumiFn,
    private readonly secretsProvider = passphrase,
  ) {}

  /** Makes the stack, unless it is there, and gives it its configuration. */
  async configure(configuration: StackConfiguration): Promise<void> {
    const { stack } = configuration;
    const folder = linkProject(this.directory);
    mkdirSync(this.backend, { recursive: true });
    if (!existsSync(this.stateFile(stack))) {
      const provider = ["--secrets-provider", this.secretsProvider.url];
      await this.command(["stack", "init", stack, "--no-select", ...provider]);
    }
    const secrets = writeStackFile(folder, configuration);
    for (const [key, value] of Object.entries(secrets)) {
      await this.command(["config", "set", "--secret", key, "--stack", stack], { stdin: value });
    }
  }

  /** Runs an operation on a stack: `["up", "--yes"]`. */
  async operate(args: readonly string[], stack: string, options: CliOptions = {}): Promise<OperationRun> {
    const all = [...args, "--stack", stack];
    const here = { ...this.options, ...options };
    if (this.engine.hasLanguageHost && !this.program) return runOperation(all, here);
    const program = await serveProgram(this.program ?? ownProgram);
    try {
      return await runOperation([...all, "--client", program.address, "--exec-kind", "auto.inline"], here);
    } finally {
      program.close();
    }
  }

  /** Runs any other command of the CLI, and returns what it printed. */
  async command(args: readonly string[], options: CliOptions = {}): Promise<string> {
    const { exitCode, stdout, output } = await runCli(args, { ...this.options, ...options });
    if (exitCode !== 0) throw new UserError(`pulumi ${args.join(" ")} failed:\n${output}`);
    return stdout;
  }

  /** What the stack remembers: secrets encrypted. */
  stateFile(stack: string): string {
    return path.join(this.backend, ".pulumi/stacks", projectName, `${stack}.json`);
  }

  get backend(): string {
    return path.join(this.directory, "backend");
  }

  private get options(): CliOptions {
    const { cli, pluginFolders } = this.engine;
    return {
      cli,
      cwd: path.join(this.directory, "project"),
      environment: {
        ...process.env,
        // A language host takes the node that it finds: the one that this process has, too.
        PATH: [path.dirname(cli), ...pluginFolders, path.dirname(process.execPath), process.env.PATH].join(
          path.delimiter,
        ),
        // Without its sidecars, the only files that it does not write whole: after a kill in between, an empty one ends
        // every further operation ("failed to load checkpoint: EOF").
        PULUMI_BACKEND_URL: `file://${this.backend}?metadata=skip`,
        PULUMI_CONFIG_PASSPHRASE: "",
        ...this.secretsProvider.environment,
        PULUMI_SKIP_UPDATE_CHECK: "true",
        PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
      },
    };
  }
}

/** Where Pulumi.yaml's `main` has it. */
const main: string = "../../start";

/** The project's program. Loaded when it is run: the sandbox's other commands need none of it. */
export const ownProgram: PulumiFn = async () => {
  const { default: program } = (await import(main)) as { default: PulumiFn };
  return program();
};
