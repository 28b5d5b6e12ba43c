import { existsSync, readdirSync, readFileSync } from "node:fs";
import * as path from "node:path";

import type { DriftResult } from "./drift";
import { type Forge, markerOf, needed } from "../lib/forge";
import { bodyLimit, shortened } from "../lib/report";
import { runMain } from "../lib/run-main";
import { thisForge } from "../lib/this-forge";

const title = "Stacks differ from what is deployed";

/** Opens the one issue about drift, brings it up to date, or closes it when every stack is clean. */
export async function reportDrift(
  stacks: string[],
  results: DriftResult[],
  run: string,
  to: Forge,
): Promise<void> {
  const marker = markerOf("drift");
  const notClean = stacks
    .map((stack) => results.find((result) => result.stack === stack) ?? missing(stack))
    .filter(({ verdict }) => verdict !== "clean");
  if (notClean.length === 0) return to.closeIssue(marker, `All stacks are as deployed again: ${run}`);
  const head = `Found by ${run}. It is brought up to date every night, and closed once all stacks are clean.`;
  // Each stack has the same share, so that one long text does not push out another stack.
  const share = Math.floor((bodyLimit - marker.length - head.length - 10) / notClean.length) - 2;
  const bodies = notClean.map(({ report }) => shortened(report, share));
  await to.openIssue(marker, title, [head, ...bodies].join("\n\n"));
}

function missing(stack: string): DriftResult {
  return { stack, verdict: "failed", report: `### Stack ${stack}: its job ended without a result` };
}

/** `ci/jobs/report-drift.ts FOLDER`: the results are below it; STACKS has the stacks that were to be checked, as JSON. */
async function main([folder = ""]: string[]): Promise<void> {
  const files = existsSync(folder) ? readdirSync(folder, { recursive: true, encoding: "utf8" }) : [];
  const results = files
    .filter((file) => file.endsWith(".json"))
    .map((file) => JSON.parse(readFileSync(path.join(folder, file), "utf8")) as DriftResult);
  const stacks = JSON.parse(process.env.STACKS ?? "[]") as string[];
  await reportDrift(stacks, results, needed(process.env, "RUN_URL"), await thisForge(process.env));
}

if (require.main === module) runMain(main);
