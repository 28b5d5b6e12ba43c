import { spawn } from "node:child_process";
import { accessSync, constants, statSync } from "node:fs";
import * as path from "node:path";
import { createInterface } from "node:readline";

import { UserError } from "../errors";
import { untilDone } from "../interruption";
import { projectDirectory } from "../project";

/** How a command of the Pulumi CLI went. */
export interface CliRun {
  /** 0 when all is well; else the CLI's own, or 1 when a signal ended it. */
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Both streams, as they came. */
  readonly output: string;
}

export interface CliOptions {
  /** The program. Default: the one that is installed. */
  readonly cli?: string;
  /** Default: the project's folder. */
  readonly cwd?: string;
  /** Default: this process's. */
  readonly environment?: NodeJS.ProcessEnv;
  /** What the CLI reads. Default: nothing. */
  readonly stdin?: string;
  /** Shows each line that it writes, as it comes. */
  readonly echo?: (line: string) => void;
  /** Asks it to end, as a signal to this program does as well: what it has begun to change is finished and recorded. */
  readonly signal?: AbortSignal;
}

const notInstalled = new UserError("there is no `pulumi` on PATH: install the Pulumi CLI first");

/** Ends a preview with `--expect-no-changes` when there are some. */
export const changesProposed = 7;

/** Runs a command of the CLI to its end, whatever that is. Throws a UserError when there is no CLI. */
export function runCli(args: readonly string[], options: CliOptions = {}): Promise<CliRun> {
  const { environment = process.env, cwd = projectDirectory, stdin = "", echo, signal } = options;
  const child = spawn(options.cli ?? "pulumi", [...args, "--non-interactive"], {
    cwd,
    env: { ...environment, PATH: installedPath(environment), PULUMI_SKIP_UPDATE_CHECK: "true" },
    stdio: ["pipe", "pipe", "pipe"],
    // Ctrl-C would reach it twice otherwise, and the second one ends it in the middle of its work.
    detached: true,
  });
  // Once: a second time it would leave what it has begun.
  const stop = () => child.killed || child.kill("SIGINT");
  signal?.addEventListener("abort", stop);
  const texts = { stdout: "", stderr: "", output: "" };
  for (const name of ["stdout", "stderr"] as const) {
    // By lines, so that the two streams never make one of their halves.
    createInterface({ input: child[name], crlfDelay: Infinity }).on("line", (line) => {
      texts[name] += `${line}\n`;
      texts.output += `${line}\n`;
      echo?.(line);
    });
  }
  child.stdin.on("error", () => undefined).end(stdin); // a command that does not read is not an error
  const ended = new Promise<CliRun>((resolve, reject) => {
    child.on("error", (error: NodeJS.ErrnoException) =>
      reject(error.code === "ENOENT" ? notInstalled : error),
    );
    child.on("close", (code) => resolve({ exitCode: code ?? 1, ...texts }));
  });
  return untilDone(stop, () => ended).finally(() => signal?.removeEventListener("abort", stop));
}

/** The path of the CLI on PATH, if there is one. */
export function installedCli(environment: NodeJS.ProcessEnv = process.env): string | undefined {
  const folders = installedPath(environment).split(path.delimiter);
  return folders.map((folder) => path.resolve(folder, "pulumi")).find(isExecutable);
}

export function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile(); // of a folder the same right lets one in
  } catch {
    return false;
  }
}

/**
 * PATH as the user's shell has it. npm and npx put the project's own bin folder first, and its `pulumi` fetches another
 * CLI than the one that is installed.
 */
function installedPath(environment: NodeJS.ProcessEnv): string {
  return (environment.PATH ?? "")
    .split(path.delimiter)
    .filter((folder) => !folder.endsWith(path.join("node_modules", ".bin")))
    .join(path.delimiter);
}
