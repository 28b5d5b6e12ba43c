import { Octokit } from "@octokit/rest";

import { driftLabel, type Forge, ForgeError, markerOf, needed, previewedStack } from "./forge";

interface Written {
  readonly user?: { readonly login: string; readonly type: string } | null;
}

/** By who a job's own token speaks for: anybody may write a marker. */
function isOurs({ user }: Written): boolean {
  return user?.type === "Bot" && user.login === "github-actions[bot]";
}

const nothing = () => undefined;

/** The API as the job's token may use it, with its refusals in words. */
export function gitHubApi(environment: NodeJS.ProcessEnv) {
  const [owner = "", repo = ""] = needed(environment, "GITHUB_REPOSITORY").split("/");
  const auth = needed(environment, "GITHUB_TOKEN");
  // What fails is told in words; by itself it would log the request as well.
  const log = { debug: nothing, info: nothing, warn: console.warn, error: nothing };
  const octokit = new Octokit({ auth, baseUrl: environment.GITHUB_API_URL, log });
  octokit.hook.error("request", (error, { method, url }) => {
    const refused = "request" in error ? error : undefined;
    // Where no answer came, the error has status 500 all the same.
    const status = refused?.response?.status;
    throw new ForgeError("GitHub", `${method} ${refused?.request.url ?? url}`, error, status);
  });
  return { octokit, repository: { owner, repo } };
}

/** Puts another text in place of each preview that was made of a stack which is not among those touched now. */
export async function retirePreviews(
  environment: NodeJS.ProcessEnv,
  touched: readonly string[],
  text: (stack: string) => string,
): Promise<void> {
  const api = gitHubApi(environment);
  for (const { id, body } of await ownComments(api, environment)) {
    const stack = previewedStack(body);
    if (stack === undefined || touched.includes(stack)) continue;
    const retired = `${markerOf("preview", stack)}\n${text(stack)}`;
    await api.octokit.rest.issues.updateComment({ ...api.repository, comment_id: id, body: retired });
  }
}

export function gitHub(environment: NodeJS.ProcessEnv): Forge {
  const api = gitHubApi(environment);
  const { octokit, repository } = api;
  const { issues } = octokit.rest;

  const findIssue = async (marker: string) => {
    const filter = { ...repository, labels: driftLabel, state: "all", per_page: 100 } as const;
    const found = await octokit.paginate(issues.listForRepo, filter);
    return found.find((issue) => isOurs(issue) && issue.body?.startsWith(marker));
  };

  return {
    async comment(marker, text) {
      const ours = (await ownComments(api, environment)).find(({ body }) => body.startsWith(marker));
      const body = `${marker}\n${text}`;
      if (ours) await issues.updateComment({ ...repository, comment_id: ours.id, body });
      else await issues.createComment({ ...repository, issue_number: changeUnderReview(environment), body });
    },

    async openIssue(marker, title, text) {
      const ours = await findIssue(marker);
      const content = { ...repository, title, body: `${marker}\n${text}` };
      if (ours) await issues.update({ ...content, issue_number: ours.number, state: "open" });
      else await issues.create({ ...content, labels: [driftLabel] });
    },

    async closeIssue(marker, reason) {
      const ours = await findIssue(marker);
      if (ours?.state !== "open") return;
      await issues.createComment({ ...repository, issue_number: ours.number, body: reason });
      await issues.update({ ...repository, issue_number: ours.number, state: "closed" });
    },
  };
}

/** Those of the bot on the change under review. */
async function ownComments(
  { octokit, repository }: ReturnType<typeof gitHubApi>,
  environment: NodeJS.ProcessEnv,
) {
  const list = { ...repository, issue_number: changeUnderReview(environment), per_page: 100 };
  const comments = await octokit.paginate(octokit.rest.issues.listComments, list);
  return comments.filter(isOurs).map(({ id, body = "" }) => ({ id, body }));
}

function changeUnderReview(environment: NodeJS.ProcessEnv): number {
  return Number(needed(environment, "PULL_REQUEST"));
}
