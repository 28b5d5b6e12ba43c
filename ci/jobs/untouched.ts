import { needed, previewTitle } from "../lib/forge";
import { retirePreviews } from "../lib/github";
import { runMain } from "../lib/run-main";

/**
 * `ci/jobs/untouched.ts`: says so in the previews of stacks that the pull request touched once, and no longer does. STACKS
 * has those that it does touch, as JSON.
 */
async function main(): Promise<void> {
  const touched = JSON.parse(needed(process.env, "STACKS")) as string[];
  await retirePreviews(
    process.env,
    touched,
    (stack) =>
      `### ${previewTitle(stack, process.env)}: no longer touched\n\n` +
      `What the pull request changes is no part of stack ${stack} any more; merging it leaves the stack as it is.`,
  );
}

runMain(main);
