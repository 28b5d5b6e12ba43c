import { mkdirSync, writeFileSync } from "node:fs";
import * as path from "node:path";

import { lastUpdate, runPulumi } from "./pulumi";
import { report } from "./report";
import { runMain, stackArgument } from "./run-main";
import { planFile, type Planned, plannedFile } from "./planned";
import { showSummary, summaryLimit } from "./summary";

/** `ci/plan.ts STACK FOLDER`: previews it and keeps the plan, for an approver to read and for ci/apply.ts to run. */
async function main(args: string[]): Promise<void> {
  const [stack, folder] = stackArgument(args);
  mkdirSync(folder, { recursive: true });
  // Before the preview: what is deployed from here on makes the plan stale.
  const state = await lastUpdate(stack);
  const run = await runPulumi("preview", stack, ["--save-plan", path.join(folder, planFile)]);
  const markdown = report(`Plan for stack ${stack}`, run, summaryLimit);
  showSummary(markdown);
  const planned: Planned = { stack, state, hasChanges: Object.keys(run.changes).length > 0 };
  writeFileSync(path.join(folder, plannedFile), JSON.stringify(planned));
  process.exitCode = run.exitCode;
}

runMain(main);
