import * as path from "node:path";

import { UserError } from "../../errors";
import { updatePlanFile, readPlanned } from "../lib/planned";
import { productionAmong } from "../lib/policies";
import { lastUpdate, runPulumi } from "../lib/pulumi";
import { report } from "../lib/report";
import { runMain, stackArgument } from "../lib/run-main";
import { showSummary, summaryLimit } from "../lib/summary";

const planAnew = "run the whole pipeline on main again, for a plan of how things are now";

/** `ci/jobs/apply.ts STACK FOLDER`: does what the plan in that folder shows, and nothing else. */
async function main(args: string[]): Promise<void> {
  const [stack, folder] = stackArgument(args);
  // GitLab's lists of stacks are written by hand, and production can stand in the wrong one.
  if (process.env.APPROVAL === "none" && productionAmong([stack]).length > 0)
    throw new UserError(`stack "${stack}" is production, and nobody approves this job; list it in another`);
  const planned = readPlanned(folder);
  if (planned.stack !== stack) throw new UserError(`${folder} holds the plan for stack "${planned.stack}"`);
  if ((await lastUpdate(stack)) !== planned.state) {
    // The engine would go back to this older program as readily as forward.
    throw new UserError(`stack "${stack}" was deployed by another run since this was planned; ${planAnew}`);
  }
  const run = await runPulumi("up", stack, ["--yes", "--plan", path.resolve(folder, updatePlanFile)]);
  showSummary(report(`Deployment of stack ${stack}`, run, summaryLimit));
  process.exitCode = run.exitCode;
  if (run.findings.some(({ message }) => message.includes("violates plan"))) {
    throw new UserError(`the cluster or its state is no longer what the plan was made for; ${planAnew}`);
  }
}

runMain(main);
