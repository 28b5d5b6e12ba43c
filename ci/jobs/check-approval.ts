import { UserError } from "../../errors";
import { ForgeError } from "../lib/forge";
import { gitHubApi } from "../lib/github";
import { runMain, stackArgument } from "../lib/run-main";

/**
 * `ci/jobs/check-approval.ts ENVIRONMENT`: fails unless reviewers must approve what runs in it. GitHub makes an environment
 * that does not exist on first use, without any rule, and the job that was to wait would not.
 */
async function main(args: string[]): Promise<void> {
  const [environment] = stackArgument(args);
  const { octokit, repository } = gitHubApi(process.env);
  const { data } = await octokit.rest.repos
    .getEnvironment({ ...repository, environment_name: environment })
    .catch((error: unknown) => {
      if (!(error instanceof ForgeError) || error.status !== 404) throw error;
      throw new UserError(`nobody approved: environment "${environment}" is missing; ${remedy}`);
    });
  if (data.protection_rules?.some(({ type }) => type === "required_reviewers")) return;
  throw new UserError(`nobody approved: environment "${environment}" has no required reviewers; ${remedy}`);
}

const remedy = "make it with reviewers in the repository's settings, Environments (docs/ci.md)";

runMain(main);
