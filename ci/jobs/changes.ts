import { existsSync, readdirSync } from "node:fs";
import * as path from "node:path";

import { tellStacks } from "../lib/outputs";
import { noPlan, type Planned, plannedFile, readPlanned } from "../lib/planned";
import { productionAmong } from "../lib/policies";
import { runMain } from "../lib/run-main";

/** Of the stacks whose plan changes something: those deployed first, and those that wait for approval. */
export function inOrder(
  plans: readonly Planned[],
  named?: readonly string[],
): { first: string[]; production: string[] } {
  const changed = plans.filter(({ hasChanges }) => hasChanges).map(({ stack }) => stack);
  const production = productionAmong(changed, named);
  return { first: changed.filter((stack) => !production.includes(stack)), production };
}

// However deep: a download of one artifact makes no folder for it, one of several does.
function plansBelow(folder: string): Planned[] {
  const files = existsSync(folder) ? readdirSync(folder, { recursive: true, encoding: "utf8" }) : [];
  const plans = files.filter((file) => path.basename(file) === plannedFile);
  if (plans.length === 0) throw noPlan(folder);
  return plans.map((file) => readPlanned(path.join(folder, path.dirname(file))));
}

/** `ci/jobs/changes.ts FOLDER`: reads the plans below it and says which stacks are to be deployed. */
function main([folder = ""]: string[]): void {
  const { first, production } = inOrder(plansBelow(folder));
  tellStacks("first", first);
  tellStacks("production", production);
}

if (require.main === module) runMain(main);
