import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

interface Text {
  id: number;
  iid: number;
  number: number;
  title: string;
  body: string;
  description: string;
  state: string;
  labels: string[];
  /** As GitHub and as GitLab names who wrote it. */
  user: object;
  author: object;
}

export const ownUser = { user: { login: "github-actions[bot]", type: "Bot" }, author: { id: 7 } };

type Fields = Partial<Text> & { state_event?: string; labels?: unknown };

/** What the two forges' APIs keep: comments of one change, issues, and comments on issues; over real HTTP. */
export class FakeForge {
  readonly comments: Text[] = [];
  readonly issues: Text[] = [];
  readonly reasons: Text[] = [];
  protectionRules: { type: string }[] = [];
  private readonly server = createServer((request, response) => void this.answer(request, response));

  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.server.listen(0, "127.0.0.1", resolve));
    return this;
  }

  async stop(): Promise<void> {
    await new Promise((resolve) => this.server.close(resolve));
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** What a job on GitHub is told. */
  get gitHub(): Record<string, string> {
    const repository = { GITHUB_REPOSITORY: "team/registry", GITHUB_API_URL: this.url };
    return { ...repository, GITHUB_TOKEN: "github-token", PULL_REQUEST: "7" };
  }

  /** What a job on GitLab is told. */
  get gitLab(): Record<string, string> {
    const project = { CI_API_V4_URL: `${this.url}/api/v4`, CI_PROJECT_ID: "42" };
    return { ...project, GITLAB_TOKEN: "gitlab-token", CI_MERGE_REQUEST_IID: "7" };
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let text = "";
    for await (const chunk of request) text += String(chunk);
    const fields = (text === "" ? {} : JSON.parse(text)) as Fields;
    const { pathname, searchParams } = new URL(request.url ?? "", this.url);
    const method = request.method ?? "";
    const answer = this.route(method, pathname, fields, Number(searchParams.get("page") ?? 1));
    response.writeHead(answer === undefined ? 404 : 200, { "content-type": "application/json" });
    response.end(JSON.stringify(answer ?? { message: `${method} ${pathname} is not known here` }));
  }

  private route(method: string, path: string, fields: Fields, page: number): unknown {
    const at = (pattern: RegExp) => pattern.exec(path);
    const prefix = "^(?:/repos/team/registry|/api/v4/projects/42)";
    const changes = at(new RegExp(`${prefix}/(?:issues|merge_requests)/7/(?:comments|notes)(?:/(\\d+))?$`));
    const comment = at(new RegExp(`${prefix}/issues/comments/(\\d+)$`)) ?? changes;
    if (comment) return this.on(this.comments, method, comment[1], fields, page);
    if (at(new RegExp(`${prefix}/issues/\\d+/(?:comments|notes)$`))) {
      return this.on(this.reasons, method, undefined, fields, page);
    }
    const issue = at(new RegExp(`${prefix}/issues(?:/(\\d+))?$`));
    if (issue) return this.on(this.issues, method, issue[1], fields, page);
    if (path === "/api/v4/user") return ownUser.author;
    if (at(/^\/repos\/team\/registry\/environments\/prod-approval$/)) {
      return { protection_rules: this.protectionRules };
    }
    return undefined;
  }

  private on(texts: Text[], method: string, id: string | undefined, fields: Fields, page: number): unknown {
    if (method === "GET") return page === 1 ? texts : [];
    const isGitLab = fields.description !== undefined || fields.state_event !== undefined;
    const open = isGitLab ? "opened" : "open";
    if (id === undefined) {
      const made = { title: "", body: "", description: "", labels: [], state: open, ...fields };
      const number = texts.length + 100;
      texts.push({ ...(made as unknown as Text), ...ownUser, id: number, iid: number, number });
      return texts.at(-1);
    }
    const text = texts.find((one) => one.id === Number(id));
    if (!text) return undefined;
    const { state_event: event, ...rest } = fields;
    const state = event === "close" ? "closed" : event === "reopen" ? "opened" : text.state;
    return Object.assign(text, { state }, rest);
  }
}
