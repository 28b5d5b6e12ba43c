import { existsSync, readdirSync, readFileSync } from "node:fs";
import * as path from "node:path";

import { isObject } from "../../config/object";
import { askTier, matches } from "../../config/production";
import { UserError } from "../../errors";
import { isProductionStack } from "../../policy/production-stack";
import { projectDirectory } from "../../project";

/** A team's own settings for the rules (docs/policy.md), for those who commit them. */
const policiesFile = path.join(projectDirectory, "policies.json");
const stackFile = /^Pulumi\.(.+)\.yaml$/;

export function policyOptions(file = policiesFile): string[] {
  return ["--policy-pack", "policy", ...(existsSync(file) ? ["--policy-pack-config", file] : [])];
}

/** The stack that a file of the project configures, if it is one of those. */
export function stackOf(file: string): string | undefined {
  return stackFile.exec(file)?.[1];
}

/** Those of the stacks that are production. Of every stack it must be told: a mistake would deploy production unasked. */
export function productionAmong(
  stacks: readonly string[],
  named: readonly string[] = namedProduction(),
): string[] {
  const unclear = stacks.filter((stack) => isProductionStack(stack, named) === undefined);
  if (unclear.length > 0) throw new UserError(unclear.map(askTier).join("\n"));
  return stacks.filter((stack) => isProductionStack(stack, named));
}

/** The names of production stacks in policies.json, so that the rules and the approval go by one list. */
export function namedProduction(
  file = policiesFile,
  existing = readdirSync(projectDirectory).flatMap((name) => stackOf(name) ?? []),
): string[] {
  return existsSync(file) ? productionIn(readFileSync(file, "utf8"), file, existing) : [];
}

/** The same of a text, whichever rule has them there; errors name the file. */
export function productionIn(text: string, file: string, existing: readonly string[]): string[] {
  return Object.entries(settingsOf(text, file)).flatMap(([rule, settings]) => {
    if (typeof settings === "string") return []; // a level alone
    if (!isObject(settings)) {
      throw new UserError(`${file}: ${rule} is ${JSON.stringify(settings)} and must be a level, or settings`);
    }
    // A list under a name that nobody reads would name production to nobody.
    const unknown = Object.keys(settings).find((key) => !["enforcementLevel", "stacks"].includes(key));
    if (unknown !== undefined) {
      throw new UserError(`${file}: ${rule}.${unknown} is no setting; there are enforcementLevel and stacks`);
    }
    const { stacks = [] } = settings;
    const key = `${file}: ${rule}.stacks`;
    if (!Array.isArray(stacks) || !stacks.every((name) => typeof name === "string")) {
      throw new UserError(`${key} is ${JSON.stringify(stacks)} and must be a list of names`);
    }
    const idle = stacks.find((pattern) => !existing.some((stack) => matches(pattern, stack)));
    if (idle === undefined) return stacks;
    throw new UserError(
      `${key}: "${idle}" names no stack: there are ${existing.join(", ")}; mend it or take it out`,
    );
  });
}

function settingsOf(text: string, file: string): Record<string, unknown> {
  const settings = parsed(text);
  if (settings === undefined) throw new UserError(`${file} is not JSON; mend it, see docs/policy.md`);
  if (!isObject(settings)) {
    throw new UserError(`${file} must have an object of rules with their settings, see docs/policy.md`);
  }
  return settings;
}

/** Undefined where it is no JSON. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
