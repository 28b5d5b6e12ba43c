import { UserError } from "../../errors";
import { runCli } from "../../stack/cli";
import { type Message, runOperation } from "../../stack/events";
import { type Changes, findingsIn } from "./events";
import { withKubeconfig } from "./kubeconfig";
import { policyOptions } from "./policies";
import { masks, redactor } from "./secrets";

export interface PulumiRun {
  readonly exitCode: number;
  /** All it wrote, both streams as they came, without the job's secrets. */
  readonly output: string;
  readonly findings: readonly Message[];
  readonly changes: Changes;
}

/** Runs one of the engine's operations on a stack, with the policy pack, and shows it as it goes. */
export async function runPulumi(
  operation: "preview" | "up",
  stack: string,
  options: string[],
): Promise<PulumiRun> {
  process.stdout.write(masks(process.env));
  const args = [
    operation,
    "--stack",
    stack,
    "--diff",
    "--suppress-progress",
    "--color",
    "never",
    ...policyOptions(),
    ...options,
  ];
  const echo = (text: string) => void process.stdout.write(text);
  const { exitCode, output, events } = await withKubeconfig(process.env, (environment) =>
    runOperation(args, { environment, echo }),
  );
  const { findings, changes } = findingsIn(events);
  const clean = redactor(process.env);
  return {
    exitCode,
    output: clean(output),
    findings: findings.map((finding) => ({ ...finding, message: clean(finding.message) })),
    changes,
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
