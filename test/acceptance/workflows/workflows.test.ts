import assert from "node:assert/strict";

import { FakeForge } from "../../unit/ci/fake-forge";
import { diagnostic, summary } from "../../integration/ci/job";
import { Runner } from "./runner";

const repository = { full_name: "team/registry", name: "registry", owner: { login: "team" } };
const pullRequest = (sha: string) => ({
  name: "pull_request",
  payload: {
    repository,
    pull_request: { number: 7, user: { login: "dev" }, head: { sha, ref: "change", repo: repository } },
  },
});
const push = { name: "push", payload: { repository, ref: "refs/heads/main" } };
const night = { name: "schedule", payload: { repository } };

describe("the workflows on a runner", function () {
  this.timeout("5m");
  let runner: Runner;
  let forge: FakeForge;

  before(async function () {
    this.timeout("30m"); // the first time it builds the runner
    runner = await Runner.start((line) => console.log(line));
  });
  beforeEach(async () => (forge = await new FakeForge().start()));
  afterEach(() => forge.stop());
  after(() => runner?.job.remove());

  const calls = (operation: string) =>
    runner.job
      .read("fake/calls")
      .split("\n")
      .filter((line) => line.startsWith(`${operation} `))
      .map((line) => / --stack (\S+)/.exec(line)![1]!);
  const comment = (stack: string) =>
    forge.comments.map(({ body }) => body).find((body) => body.includes(`Preview of stack ${stack} `));

  it("comment on a pull request, and at its next push say what it no longer touches", async () => {
    runner.mergePullRequest(["Pulumi.dev.yaml", "Pulumi.prod.yaml"]);
    runner.job.pulumi({ exitCode: 1, events: [diagnostic("error", "images would be lost")] });
    const first = await runner.run("preview", pullRequest("1111111111111111"), forge);
    assert.equal(first.green, false, first.log);
    assert.match(comment("dev") ?? "", /at 111111111111: \*\*failed\*\*/);
    assert.match(comment("prod") ?? "", /at 111111111111: \*\*failed\*\*/);

    runner.mergePullRequest(["Pulumi.dev.yaml", "README.md"]);
    runner.job.pulumi({ events: [summary({ update: 1 })] });
    const second = await runner.run("preview", pullRequest("2222222222222222"), forge);
    assert.equal(second.green, true, second.log);
    assert.match(comment("dev") ?? "", /at 222222222222: update 1/);
    assert.match(comment("prod") ?? "", /at 222222222222: no longer touched/);
    assert.equal(forge.comments.length, 2);
  });

  it("deploy main: first what is not production, and production by its plan once that is approved", async () => {
    runner.checkOutMain();
    forge.protectionRules = [{ type: "required_reviewers" }];
    runner.job.pulumi({
      events: [summary({ update: 1 })],
      plan: { resourcePlans: {} },
      lastUpdate: "Monday",
    });
    const { green, log } = await runner.run("deploy", push, forge);
    assert.equal(green, true, log);
    assert.deepEqual(calls("up"), ["dev", "prod"]);
    assert.match(runner.job.read("fake/calls"), /\nup --stack prod .*--plan \S+\/plan\/plan\.json/);
  });

  it("deploy no production where nobody has to approve it", async () => {
    runner.checkOutMain();
    const before = calls("up").filter((stack) => stack === "prod").length;
    runner.job.pulumi({ events: [summary({ update: 1 })], plan: { resourcePlans: {} } });
    const { green, log } = await runner.run("deploy", push, forge);
    assert.equal(green, false, log);
    assert.match(log, /environment "prod-approval" has no required reviewers/);
    assert.equal(calls("up").at(-1), "dev");
    assert.equal(calls("up").filter((stack) => stack === "prod").length, before);
  });

  it("keep one issue about drift, and close it when there is none", async () => {
    runner.checkOutMain();
    runner.job.pulumi({ exitCode: 7, events: [summary({ update: 1 })] });
    const drifted = await runner.run("drift", night, forge);
    assert.equal(drifted.green, false, drifted.log);
    assert.equal(forge.issues.length, 1, drifted.log);
    assert.match(
      forge.issues[0]!.body,
      /Stack dev has drifted: update 1[^]*Stack prod has drifted: update 1/,
    );
    runner.job.pulumi({});
    const clean = await runner.run("drift", night, forge);
    assert.equal(clean.green, true, clean.log);
    assert.equal(forge.issues[0]!.state, "closed");
  });
});
