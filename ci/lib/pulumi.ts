import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";

import { installedPath } from "../../config/installed-path";
import { projectDirectory } from "../../project";
import { UserError } from "../../errors";
import { findingsIn } from "./events";
import { withKubeconfig } from "./kubeconfig";
import { policyOptions } from "./policies";
import { hasFailed, type PulumiRun } from "./run";
import { inert } from "./runner-commands";
import { masks, redactor } from "./secrets";

/** What the CLI says of a plan it saved: a path that is gone when somebody reads it, and to use it. */
const planAdvice = /^(info: )?(Update plan written to '|Run `pulumi up --plan=)/;
/** Characters of what the CLI says of a run that never began: the end has the reason. */
const reasonLimit = 4_000;

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
    const { exitCode, output, stderr } = await withKubeconfig(process.env, (env) =>
      execute(all, env, (line) => process.stdout.write(`${inert(line)}\n`)),
    );
    const { findings, changes } = findingsIn(existsSync(log) ? readFileSync(log, "utf8") : "");
    if (hasFailed({ exitCode }) && !findings.some(({ severity }) => severity === "error")) {
      // It ended before the engine began to log: no such stack, a wrong passphrase.
      findings.unshift({ severity: "error", message: (stderr || output).trim().slice(-reasonLimit) });
    }
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
  const { exitCode, stdout, output } = await execute(args, process.env);
  if (exitCode !== 0) throw new UserError(`the history of stack "${stack}" cannot be read:\n${output}`);
  const [last] = JSON.parse(stdout) as { startTime: string }[];
  return last?.startTime ?? "";
}

interface Written {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Both, as they came. */
  readonly output: string;
}

function execute(
  args: string[],
  environment: NodeJS.ProcessEnv,
  show: (line: string) => void = () => undefined,
): Promise<Written> {
  const child = spawn("pulumi", [...args, "--non-interactive", "--color", "never"], {
    cwd: projectDirectory,
    env: {
      ...environment,
      PATH: installedPath(environment),
      // Without this variable the CLI does not know --event-log, which the Automation API uses as well.
      PULUMI_DEBUG_COMMANDS: "true",
      PULUMI_SKIP_UPDATE_CHECK: "true",
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const written = { stdout: "", stderr: "", output: "" };
  const take = (stream: Readable, name: "stdout" | "stderr") =>
    // By lines, so that two streams never make one of their halves.
    createInterface({ input: stream, crlfDelay: Infinity }).on("line", (line) => {
      if (planAdvice.test(line)) return;
      written[name] += `${line}\n`;
      written.output += `${line}\n`;
      show(line);
    });
  take(child.stdout, "stdout");
  take(child.stderr, "stderr");
  return new Promise((resolve, reject) => {
    child.on("error", () =>
      reject(new UserError("there is no `pulumi` on PATH: install the Pulumi CLI first")),
    );
    child.on("close", (code) => resolve({ exitCode: code ?? 1, ...written }));
  });
}
