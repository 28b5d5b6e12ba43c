import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import * as path from "node:path";

import { withTemporaryFolder } from "../../temporary-folder";
import { lastUpdate, runPulumi } from "../lib/pulumi";
import { report } from "../lib/report";
import { runMain, stackArgument } from "../lib/run-main";
import { type UpdatePlan, withoutOutputs } from "../lib/update-plan";
import { updatePlanFile, type Planned, plannedFile } from "../lib/planned";
import { showSummary, summaryLimit } from "../lib/summary";

/** `ci/jobs/plan.ts STACK FOLDER`: previews it and keeps the plan, for an approver to read and for ci/jobs/apply.ts to run. */
async function main(args: string[]): Promise<void> {
  const [stack, folder] = stackArgument(args);
  await withTemporaryFolder("plan", async (scratch) => {
    // Before the preview: what is deployed from here on makes the plan stale.
    const state = await lastUpdate(stack);
    const file = path.join(scratch.path, updatePlanFile);
    const run = await runPulumi("preview", stack, ["--save-plan", file]);
    showSummary(report(`Plan for stack ${stack}`, run, summaryLimit));
    process.exitCode = run.exitCode;
    if (run.exitCode !== 0) return;
    const planned: Planned = { stack, state, hasChanges: Object.keys(run.changes).length > 0 };
    const plan = withoutOutputs(JSON.parse(readFileSync(file, "utf8")) as UpdatePlan);
    mkdirSync(folder, { recursive: true });
    writeFileSync(path.join(folder, updatePlanFile), JSON.stringify(plan));
    writeFileSync(path.join(folder, plannedFile), JSON.stringify(planned));
  });
}

runMain(main);
