import { UserError } from "../../errors";
import { runCli } from "../../stack/cli";
import { runOperation } from "../../stack/events";
import { findingsIn } from "./events";
import { withKubeconfig } from "./kubeconfig";
import { policyOptions } from "./policies";
import { resourceChanges, withTexts } from "./resource-changes";
import { hasFailed, type PulumiRun } from "./run";
import { inert } from "./runner-commands";
import { masks, redactor, withoutDrawnIds } from "./secrets";

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
  process.stdout.write(masks(process.env));
  const look = ["--diff", "--suppress-progress", "--color", "never", ...policyOptions()];
  const args = [operation, "--stack", stack, ...look, ...options];
  const lines: string[] = [];
  const echo = (written: string) => {
    if (planAdvice.test(written)) return;
    const line = withoutDrawnIds(written);
    lines.push(line);
    process.stdout.write(`${inert(line)}\n`);
  };
  const { exitCode, stderr, events } = await withKubeconfig(process.env, (environment) =>
    runOperation(args, { environment, echo }),
  );
  const { findings, changes } = findingsIn(events);
  if (hasFailed({ exitCode }) && !findings.some(({ severity }) => severity === "error")) {
    // It ended before the engine began to tell: no such stack, a wrong passphrase.
    const reason =
      stderr.trim() || lines.join("\n").trim() || `pulumi ended with ${exitCode} and said nothing`;
    findings.unshift({ severity: "error", message: reason.slice(-reasonLimit) });
  }
  const clean = redactor(process.env);
  return {
    exitCode,
    output: clean(lines.join("\n")),
    findings: findings.map((finding) => ({ ...finding, message: clean(finding.message) })),
    changes,
    resources: resourceChanges(events).map((resource) => withTexts(resource, clean)),
  };
}

/** When the last operation that could change the stack began; empty when there was none. */
export async function lastUpdate(stack: string): Promise<string> {
  const args = ["stack", "history", "--stack", stack, "--json", "--page-size", "1"];
  const { exitCode, stdout, output } = await runCli(args);
  if (exitCode !== 0) throw new UserError(`the history of stack "${stack}" cannot be read:\n${output}`);
  const [last] = JSON.parse(stdout) as { startTime: string }[];
  return last?.startTime ?? "";
}
