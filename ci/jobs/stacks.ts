import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import * as path from "node:path";

import { projectDirectory } from "../../project";
import { UserError } from "../../errors";
import { tellStacks } from "../lib/outputs";
import { productionAmong, stackOf } from "../lib/policies";
import { runMain } from "../lib/run-main";

/** Nothing that a stack runs: text, tests and tools. A test follows the program's imports to keep this true. */
const outside =
  /\.md$|^(access|docs|test|bench|sandbox|status|fleet|new-stack|examples)\/|^(LICENSE|\.prettier.*|eslint\.config\.mjs)$/;

export function isOutside(file: string): boolean {
  return outside.test(file);
}

/** The delivered stacks that a change can touch. What is not known to be harmless touches all of them. */
export function touchedStacks(files: readonly string[], delivered: readonly string[]): string[] {
  const relevant = files.filter((file) => !isOutside(file));
  const own = relevant.map(stackOf);
  return own.includes(undefined) ? [...delivered] : delivered.filter((stack) => own.includes(stack));
}

/** The names in variable STACKS, in its order: what this repository delivers. */
export function deliveredStacks(names: string, exists: (file: string) => boolean): string[] {
  const stacks = names.split(/[\s,]+/).filter((name) => name !== "");
  const missing = stacks.filter((stack) => !exists(`Pulumi.${stack}.yaml`));
  if (missing.length > 0) {
    throw new UserError(
      `STACKS: ${missing.map((stack) => `"${stack}"`).join(", ")} without a Pulumi.NAME.yaml; commit the file or take the name out`,
    );
  }
  return [...new Set(stacks)];
}

function main([base]: string[]): void {
  const exists = (file: string) => existsSync(path.join(projectDirectory, file));
  const delivered = deliveredStacks(process.env.STACKS ?? "", exists);
  if (delivered.length === 0) {
    console.log(
      "::notice::No stacks are delivered from here: set the variable STACKS to their names (docs/ci.md).",
    );
  }
  // Asked at the pull request, not when a stack is about to be deployed.
  productionAmong(delivered);
  const stacks = base === undefined ? delivered : touchedStacks(changedFiles(base), delivered);
  tellStacks("stacks", stacks);
}

function changedFiles(base: string): string[] {
  // A file that was renamed away counts as well, so no rename detection.
  const args = ["diff", "--name-only", "--no-renames", "-z", base, "HEAD", "--"];
  return execFileSync("git", args, { cwd: projectDirectory, encoding: "utf8" }).split("\0").filter(Boolean);
}

if (require.main === module) runMain(main);
