import { Octokit } from "@octokit/rest";

import { UserError } from "../../errors";
import { needed } from "../lib/forge";
import { runMain, stackArgument } from "../lib/run-main";

/**
 * `ci/jobs/check-approval.ts ENVIRONMENT`: fails unless reviewers must approve what runs in it. GitHub makes an environment
 * that does not exist on first use, without any rule, and the job that was to wait would not.
 */
async function main(args: string[]): Promise<void> {
  const [environment] = stackArgument(args);
  const [owner = "", repo = ""] = needed(process.env, "GITHUB_REPOSITORY").split("/");
  const octokit = new Octokit({
    auth: needed(process.env, "GITHUB_TOKEN"),
    baseUrl: process.env.GITHUB_API_URL,
  });
  const { data } = await octokit.rest.repos.getEnvironment({ owner, repo, environment_name: environment });
  if (data.protection_rules?.some(({ type }) => type === "required_reviewers")) return;
  throw new UserError(
    `nobody approved: environment "${environment}" has no required reviewers; set them in the repository's settings, Environments`,
  );
}

runMain(main);
