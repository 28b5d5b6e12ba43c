import { appendFileSync } from "node:fs";

/** Names stacks in the log and, as JSON, in an output of this step, which GitHub's matrices are made of. */
export function tellStacks(output: string, stacks: readonly string[]): void {
  console.log(`${output}: ${stacks.join(", ") || "none"}`);
  if (process.env.GITHUB_OUTPUT)
    appendFileSync(process.env.GITHUB_OUTPUT, `${output}=${JSON.stringify(stacks)}\n`);
}
