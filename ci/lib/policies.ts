import { existsSync, readdirSync, readFileSync } from "node:fs";
import * as path from "node:path";

import { askTier, matches } from "../../config/production";
import { projectDirectory } from "../../config/stack-file";
import { UserError } from "../../errors";
import { isProductionStack } from "../../policy/production-stack";

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

/** The names of production stacks in policies.json, whichever rule has them, so that the approval goes by them as well. */
export function namedProduction(
  file = policiesFile,
  existing = readdirSync(projectDirectory).flatMap((name) => stackOf(name) ?? []),
): string[] {
  if (!existsSync(file)) return [];
  return Object.entries(settingsOf(file)).flatMap(([rule, settings]) => {
    const { stacks = [] } = (settings ?? {}) as { stacks?: unknown };
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

function settingsOf(file: string): Record<string, unknown> {
  try {
    return (JSON.parse(readFileSync(file, "utf8")) ?? {}) as Record<string, unknown>;
  } catch {
    throw new UserError(`${file} is not JSON; mend it, see docs/policy.md`);
  }
}
