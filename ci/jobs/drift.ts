import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import * as path from "node:path";

import { projectDirectory } from "../../project";
import { changesProposed } from "../../stack/cli";
import { withTemporaryFolder } from "../../temporary-folder";
import { runPulumi } from "../lib/pulumi";
import { outline, report } from "../lib/report";
import { runMain, stackArgument } from "../lib/run-main";
import { showSummary, summaryLimit } from "../lib/summary";

/** How a stack was found: as deployed, changed, or not to be told, because the preview failed. */
export type Verdict = "clean" | "drift" | "failed";

export interface DriftResult {
  readonly stack: string;
  readonly verdict: Verdict;
  /** Outcome, findings and what changes, without the pages in which the engine shows what it refreshed. */
  readonly report: string;
}

const verdicts: Partial<Record<number, Verdict>> = { 0: "clean", [changesProposed]: "drift" };
const titles = {
  clean: "is as deployed",
  drift: "has drifted",
  failed: "differs on a host, or could not be checked",
};

/** `ci/jobs/drift.ts STACK FILE`: compares it with the cluster and its hosts, writes the result, fails unless it is clean. */
async function main(args: string[]): Promise<void> {
  const [stack, file] = stackArgument(args);
  await withTemporaryFolder("drift", async (folder) => {
    // --config writes to the stack's file: to a copy, so that the checkout stays as committed.
    const config = path.join(folder.path, "stack.yaml");
    copyFileSync(path.join(projectDirectory, `Pulumi.${stack}.yaml`), config);
    const compare = ["--refresh", "--expect-no-changes"];
    const hosts = ["--config-file", config, "--config", "verifyHosts=true"];
    const run = await runPulumi("preview", stack, [...compare, ...hosts]);
    const verdict = verdicts[run.exitCode] ?? "failed";
    const title = `Stack ${stack} ${titles[verdict]}`;
    const result: DriftResult = { stack, verdict, report: outline(title, run) };
    showSummary(report(title, run, summaryLimit));
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, JSON.stringify(result));
    process.exitCode = verdict === "clean" ? 0 : 1;
  });
}

if (require.main === module) runMain(main);
