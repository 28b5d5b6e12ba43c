import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";

import { installedPath } from "../../config/installed-path";
import { projectDirectory } from "../../config/stack-file";
import { UserError } from "../../errors";
import { withKubeconfig } from "./kubeconfig";
import { policyOptions } from "./policies";
import { type Finding, findingsIn, type Changes } from "./events";
import { masks, redactor } from "./secrets";

export interface PulumiRun {
  readonly exitCode: number;
  /** All it wrote, both streams as they came, without the job's secrets. */
  readonly output: string;
  readonly findings: readonly Finding[];
  readonly changes: Changes;
}

/** `--expect-no-changes` ends with it when there are some. */
export const changesProposed = 7;

/** Runs one of the engine's operations on a stack, with the policy pack, and shows it as it goes. */
export async function runPulumi(
  operation: "preview" | "up",
  stack: string,
  options: string[],
): Promise<PulumiRun> {
  const folder = mkdtempSync(path.join(tmpdir(), "pulumi-events-"));
  try {
    const log = path.join(folder, "events.json");
    process.stdout.write(masks(process.env));
    const args = [operation, "--stack", stack, "--diff", "--suppress-progress", ...policyOptions()];
    const all = [...args, ...options, "--event-log", log];
    const { exitCode, output } = await withKubeconfig(process.env, (env) =>
      execute(all, env, process.stdout),
    );
    const { findings, changes } = findingsIn(existsSync(log) ? readFileSync(log, "utf8") : "");
    const clean = redactor(process.env);
    return {
      exitCode,
      output: clean(output),
      findings: findings.map((finding) => ({ ...finding, message: clean(finding.message) })),
      changes,
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** When the last operation that could change the stack began; empty when there was none. */
export async function lastUpdate(stack: string): Promise<string> {
  const args = ["stack", "history", "--stack", stack, "--json", "--page-size", "1"];
  const { exitCode, output } = await execute(args, process.env);
  if (exitCode !== 0) throw new UserError(`the history of stack "${stack}" cannot be read:\n${output}`);
  const [last] = JSON.parse(output) as { startTime: string }[];
  return last?.startTime ?? "";
}

function execute(
  args: string[],
  environment: NodeJS.ProcessEnv,
  echo?: NodeJS.WritableStream,
): Promise<{ exitCode: number; output: string }> {
  const child = spawn("pulumi", [...args, "--non-interactive", "--color", "never"], {
    cwd: projectDirectory,
    // Without this variable the CLI does not know --event-log, which the Automation API uses as well.
    env: { ...environment, PATH: installedPath(environment), PULUMI_DEBUG_COMMANDS: "true" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
      echo?.write(text);
    });
  }
  return new Promise((resolve, reject) => {
    child.on("error", () =>
      reject(new UserError("there is no `pulumi` on PATH: install the Pulumi CLI first")),
    );
    child.on("close", (code) => resolve({ exitCode: code ?? 1, output }));
  });
}
