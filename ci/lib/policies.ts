import { existsSync, readFileSync } from "node:fs";
import * as path from "node:path";

import { projectDirectory } from "../../stack/stack-file";
import { UserError } from "../../errors";

/** A team's own settings for the rules (docs/policy.md), for those who commit them. */
const policiesFile = path.join(projectDirectory, "policies.json");
const rule = "no-empty-dir-in-production";

export function policyOptions(file = policiesFile): string[] {
  return ["--policy-pack", "policy", ...(existsSync(file) ? ["--policy-pack-config", file] : [])];
}

/** The names of the production stacks there, so that the rules and the approval go by one list. */
export function namedProduction(file = policiesFile): string[] | undefined {
  return existsSync(file) ? productionIn(readFileSync(file, "utf8"), file) : undefined;
}

/** The same of a text; errors name the file. */
export function productionIn(text: string, file: string): string[] | undefined {
  const { stacks } = settingsOf(text, file)?.[rule] ?? {};
  const isList = Array.isArray(stacks) && stacks.every((name) => typeof name === "string");
  if (stacks === undefined || isList) return stacks;
  // A production stack that is not taken for one would be deployed unasked.
  throw new UserError(`${file}: ${rule}.stacks is ${JSON.stringify(stacks)} and must be a list of names`);
}

function settingsOf(text: string, file: string): Record<string, { stacks?: unknown } | undefined> | null {
  try {
    return JSON.parse(text) as ReturnType<typeof settingsOf>;
  } catch {
    throw new UserError(`${file} is not JSON; mend it, see docs/policy.md`);
  }
}
