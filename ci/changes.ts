import { appendFileSync, existsSync, readdirSync } from "node:fs";
import * as path from "node:path";

import { isProduction } from "../config/rules";
import { type Planned, readPlanned } from "./planned";
import { runMain } from "./run-main";

/** Of the stacks whose plan changes something: those deployed first, and those that wait for approval. */
export function inOrder(plans: readonly Planned[]): { first: string[]; production: string[] } {
  const changed = plans.filter(({ hasChanges }) => hasChanges).map(({ stack }) => stack);
  return {
    first: changed.filter((stack) => !isProduction(stack)),
    production: changed.filter((stack) => isProduction(stack)),
  };
}

/** `ci/changes.ts FOLDER`: reads the plans below it and says which stacks are to be deployed. */
function main([folder = ""]: string[]): void {
  const plans = existsSync(folder)
    ? readdirSync(folder).map((name) => readPlanned(path.join(folder, name)))
    : [];
  for (const [name, stacks] of Object.entries(inOrder(plans))) {
    console.log(`${name}: ${stacks.join(", ") || "none"}`);
    if (process.env.GITHUB_OUTPUT)
      appendFileSync(process.env.GITHUB_OUTPUT, `${name}=${JSON.stringify(stacks)}\n`);
  }
}

if (require.main === module) runMain(main);
