import { Gitlab, GitbeakerRequestError } from "@gitbeaker/rest";

import { driftLabel, type Forge, ForgeError, needed } from "./forge";

/** GITLAB_TOKEN is a project access token with scope api: the token that a job has by itself may not write notes. */
export function gitLab(environment: NodeJS.ProcessEnv): Forge {
  const project = needed(environment, "CI_PROJECT_ID");
  const host = new URL(needed(environment, "CI_API_V4_URL")).origin;
  const api = new Gitlab({ host, token: needed(environment, "GITLAB_TOKEN") });

  // Anybody may write the marker, so ours is what the token's user wrote.
  const findOurs = async <T extends { author: { id: number } }>(
    written: T[],
    isMarked: (one: T) => boolean,
  ) => {
    const { id } = await api.Users.showCurrentUser();
    return written.find((one) => one.author.id === id && isMarked(one));
  };

  const findIssue = async (marker: string) => {
    const found = await api.Issues.all({ projectId: project, labels: driftLabel });
    return findOurs(found, ({ description }) => description?.startsWith(marker));
  };

  return {
    comment: inWords(async (marker, text) => {
      const request = Number(needed(environment, "CI_MERGE_REQUEST_IID"));
      const notes = await api.MergeRequestNotes.all(project, request);
      const ours = await findOurs(notes, ({ body }) => body.startsWith(marker));
      const body = `${marker}\n${text}`;
      if (ours) await api.MergeRequestNotes.edit(project, request, ours.id, { body });
      else await api.MergeRequestNotes.create(project, request, body);
    }),

    openIssue: inWords(async (marker, title, text) => {
      const ours = await findIssue(marker);
      const description = `${marker}\n${text}`;
      if (!ours) await api.Issues.create(project, title, { description, labels: driftLabel });
      else {
        const reopened = ours.state === "closed" ? { stateEvent: "reopen" as const } : {};
        await api.Issues.edit(project, ours.iid, { title, description, ...reopened });
      }
    }),

    closeIssue: inWords(async (marker, reason) => {
      const ours = await findIssue(marker);
      if (ours?.state !== "opened") return;
      await api.IssueNotes.create(project, ours.iid, reason);
      await api.Issues.edit(project, ours.iid, { stateEvent: "close" });
    }),
  };
}

function inWords<A extends unknown[]>(work: (...args: A) => Promise<void>) {
  return (...args: A) =>
    work(...args).catch((error: unknown) => {
      const { request, response } = (error instanceof GitbeakerRequestError && error.cause) || {};
      if (!request || !response) throw error;
      const { pathname } = new URL(request.url);
      throw new ForgeError("GitLab", `${request.method} ${pathname}`, error as Error, response.status);
    });
}
