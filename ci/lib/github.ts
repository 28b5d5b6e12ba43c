import { Octokit } from "@octokit/rest";

import { driftLabel, type Forge, needed } from "./forge";

interface Written {
  readonly body?: string | null;
  readonly user?: { readonly login: string; readonly type: string } | null;
}

/** With the marker, and by who a job's own token speaks for: anybody may write the marker. */
function isOurs({ body, user }: Written, marker: string): boolean {
  return user?.type === "Bot" && user.login === "github-actions[bot]" && !!body?.startsWith(marker);
}

export function gitHub(environment: NodeJS.ProcessEnv): Forge {
  const [owner = "", repo = ""] = needed(environment, "GITHUB_REPOSITORY").split("/");
  const repository = { owner, repo };
  const octokit = new Octokit({
    auth: needed(environment, "GITHUB_TOKEN"),
    baseUrl: environment.GITHUB_API_URL,
  });
  const { issues } = octokit.rest;

  const findIssue = async (marker: string) => {
    const filter = { ...repository, labels: driftLabel, state: "all", per_page: 100 } as const;
    const found = await octokit.paginate(issues.listForRepo, filter);
    return found.find((issue) => isOurs(issue, marker));
  };

  return {
    async comment(marker, text) {
      const issue = { ...repository, issue_number: Number(needed(environment, "PULL_REQUEST")) };
      const comments = await octokit.paginate(issues.listComments, { ...issue, per_page: 100 });
      const ours = comments.find((comment) => isOurs(comment, marker));
      const body = `${marker}\n${text}`;
      if (ours) await issues.updateComment({ ...repository, comment_id: ours.id, body });
      else await issues.createComment({ ...issue, body });
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
