import { existsSync } from "node:fs";
import * as path from "node:path";
import { isProduction, type Tier } from "../config/production";
import { fullKey, stackConfiguration } from "../stack/stack-file";
import { projectDirectory } from "../project";

/** Whether a stack of this project is production, by its name, its file's `tier`, and a team's own names. */
export function isProductionStack(stack: string, named?: readonly string[]): boolean | undefined {
  return isProduction(stack, tierOf(stack), named);
}

function tierOf(stack: string): Tier {
  // A stack may keep its configuration elsewhere, with --config-file.
  if (!existsSync(path.join(projectDirectory, `Pulumi.${stack}.yaml`))) return "";
  return (stackConfiguration(stack, {})[fullKey("tier")] ?? "") as Tier;
}
