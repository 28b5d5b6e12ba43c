import { Deployment } from "./deployment";
import { runProgram } from "./program";
import type { RunResult, StackRun } from "./types";

export * from "./types";

/** What would be done, without doing it: nothing is written, neither to the cluster nor to the state. */
export function preview(run: StackRun): Promise<RunResult> {
  return update(new Deployment(run, true));
}

export function up(run: StackRun): Promise<RunResult> {
  return update(new Deployment(run, false));
}

/** Deletes all the stack has made, from its state alone: the program does not run. */
export async function destroy(run: StackRun): Promise<RunResult> {
  const deployment = new Deployment(run, false);
  await deployment.deleteTheRest();
  return deployment.report.finish();
}

async function update(deployment: Deployment): Promise<RunResult> {
  await runProgram(deployment, () => deployment.deleteTheRest());
  deployment.hooks.close();
  return deployment.report.finish();
}
