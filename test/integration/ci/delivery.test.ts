import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import * as path from "node:path";

import { unknown } from "../../../ci/lib/update-plan";
import { thisForge } from "../../../ci/lib/this-forge";
import { FakeForge } from "../../unit/ci/fake-forge";
import { diagnostic, Job, summary } from "./job";

const kubeconfig = "users:\n  - name: ci\n    user: { token: a-very-secret-token }\n";

describe("the jobs of a delivery", function () {
  this.timeout(120_000);
  let forge: FakeForge;
  let job: Job;

  beforeEach(async () => {
    forge = await new FakeForge().start();
    job = new Job({
      ...forge.gitHub,
      GITHUB_ACTIONS: "true",
      KUBECONFIG_CONTENTS: kubeconfig,
      PULUMI_CONFIG_PASSPHRASE: "opensesame",
    });
  });

  afterEach(async () => {
    job.remove();
    await forge.stop();
  });

  it("shows a preview that fails, with the reason first, in one comment that is brought up to date", async () => {
    job.pulumi({
      output: "the diff",
      events: [diagnostic("warning", "not converged"), summary({ update: 2, same: 5 })],
    });
    assert.equal((await job.run("preview", "dev")).exitCode, 0);
    assert.match(
      forge.comments[0]!.body,
      /### Preview of stack dev .*: update 2\n[^]*not converged[^]*the diff/,
    );

    const events = [diagnostic("warning", "not converged"), diagnostic("error", "images would be lost")];
    job.pulumi({ exitCode: 1, output: "no diff", events });
    assert.equal((await job.run("preview", "dev")).exitCode, 1);
    assert.equal(forge.comments.length, 1);
    assert.match(
      forge.comments[0]!.body,
      /\*\*failed\*\*[^]*images would be lost[^]*not converged[^]*no diff/,
    );
  });

  it("says in a preview that its stack is no longer touched, once that is so", async () => {
    job.pulumi({ exitCode: 1, events: [diagnostic("error", "images would be lost")] });
    for (const stack of ["dev", "prod"]) await job.run("preview", stack);
    const later = new Job({ ...forge.gitHub, STACKS: '["dev"]', COMMIT: "3c704b64f1d2aaaa" });
    try {
      await (await thisForge(forge.gitHub)).comment("<!-- of somebody else -->", "hello");
      assert.equal((await later.run("untouched")).exitCode, 0);
    } finally {
      later.remove();
    }
    const [dev, prod, other] = forge.comments.map(({ body }) => body);
    assert.match(dev!, /images would be lost/);
    assert.match(
      prod!,
      /^<!-- image-registry preview prod -->\n### Preview of stack prod at 3c704b64f1d2: no longer touched\n/,
    );
    assert.doesNotMatch(prod!, /failed|lost/);
    assert.equal(other, "<!-- of somebody else -->\nhello");
  });

  it("keeps the job's secrets out of the comment, and the kubeconfig in a private file for the engine alone", async () => {
    job.pulumi({
      output: "token a-very-secret-token",
      events: [diagnostic("error", "opensesame does not decrypt")],
    });
    await job.run("preview", "dev");
    const { body } = forge.comments[0]!;
    assert.doesNotMatch(body, /a-very-secret-token|opensesame/);
    assert.match(body, /\*\*\* does not decrypt[^]*token \*\*\*/);
    assert.equal(job.read("fake/kubeconfig"), `600\n${kubeconfig}`);
    assert.equal(existsSync(path.dirname(job.read("fake/kubeconfig-path").trim())), false);
  });

  it("has GitHub mask what is in the kubeconfig before the engine can print it, and tells no other log", async () => {
    job.pulumi({ output: "token a-very-secret-token" });
    const { output } = await job.run("preview", "dev");
    assert.match(output, /^::add-mask::a-very-secret-token\n[^]*token a-very-secret-token/);

    const elsewhere = new Job({ ...forge.gitHub, KUBECONFIG_CONTENTS: kubeconfig, GITHUB_ACTIONS: "" });
    try {
      assert.doesNotMatch((await elsewhere.run("preview", "dev")).output, /a-very-secret-token/);
    } finally {
      elsewhere.remove();
    }
  });

  it("lets nothing that the engine writes speak to the runner", async () => {
    const commands = [
      "::stop-commands::x",
      "\u00a0 ::set-output name=stacks::x",
      "a ##[add-mask]update",
      "#\u200b#[error]x",
      "\u3164::notice::x",
      "b\r::add-mask::update",
    ];
    job.pulumi({
      output: [...commands, "section_start:1:x\r\u001b[0Kfold"].join("\n"),
      warning: "::error::x\n\u200b::warning::x",
      events: [diagnostic("error", "::add-mask::update")],
    });
    const { output } = await job.run("preview", "dev");
    const [mask, ...lines] = output.split("\n");
    assert.equal(mask, "::add-mask::a-very-secret-token");
    assert.equal(
      lines.filter((line) => /^[^\w\s]*\s*::|#\u200b?#\[|section_start:|[\r\u001b]/.test(line)).join("\n"),
      "",
    );
    for (const command of ["stop-commands", "set-output", "add-mask", "error", "warning", "fold"])
      assert.ok(output.includes(command), command);
  });

  it("lets no error of its own speak to the runner either", async () => {
    job.pulumi({ exitCode: 1, output: "x\n::add-mask::prod" });
    const { output } = await job.run("plan", "prod", job.file("plan"));
    assert.doesNotMatch(output, /^::add-mask::prod/m);
  });

  it("shows why the engine did not start, outside of what is folded", async () => {
    job.pulumi({
      exitCode: 255,
      output: "Previewing update (dev):",
      warning: "error: no stack named 'dev' found",
    });
    assert.equal((await job.run("preview", "dev")).exitCode, 255);
    assert.match(
      forge.comments[0]!.body,
      /\*\*failed\*\*\n\n🛑 error\n\n```text\nerror: no stack named 'dev' found\n```\n\n<details>/,
    );
    job.pulumi({ exitCode: 137 });
    await job.run("preview", "dev");
    assert.match(forge.comments[0]!.body, /🛑 error\n\n```text\npulumi ended with 137 and said nothing\n/);
  });

  it("asks the CLI not to look for a newer one", async () => {
    await job.run("preview", "dev");
    assert.match(job.read("fake/environment"), /^PULUMI_SKIP_UPDATE_CHECK=true$/m);
  });

  it("previews with the diff and the policy pack", async () => {
    await job.run("preview", "dev");
    assert.match(job.read("fake/calls"), /^preview --stack dev --diff .*--policy-pack policy /);
  });

  it("deploys the plan that was shown, once", async () => {
    const plan = { resourcePlans: { stack: { goal: { custom: false }, state: { conditions: "green" } } } };
    job.pulumi({ events: [summary({ create: 1 })], plan, lastUpdate: "Monday" });
    assert.equal((await job.run("plan", "prod", job.file("plans/plan-prod"))).exitCode, 0);
    assert.match(job.read("summary.md"), /### Plan for stack prod: create 1/);
    assert.match(job.read("plans/plan-prod/plan.json"), new RegExp(`"conditions":"${unknown}"`));
    assert.equal((await job.run("changes", job.file("plans"))).exitCode, 0);
    assert.equal(job.read("outputs"), 'first=[]\nproduction=["prod"]\n');

    assert.equal((await job.run("apply", "prod", job.file("plans/plan-prod"))).exitCode, 0);
    assert.match(
      job.read("fake/calls"),
      /\nup --stack prod .*--yes --plan \S+\/plans\/plan-prod\/plan\.json /,
    );

    job.pulumi({ lastUpdate: "Tuesday" });
    const late = await job.run("apply", "prod", job.file("plans/plan-prod"));
    assert.equal(late.exitCode, 1);
    assert.match(late.output, /stack "prod" was deployed by another run since this was planned/);
    assert.equal(job.read("fake/calls").match(/^up /gm)?.length, 1);
  });

  it("deploys no production, and nothing that may be, in a job that nobody approves", async () => {
    const unapproved = new Job({ APPROVAL: "none" });
    try {
      unapproved.pulumi({ plan: { resourcePlans: {} } });
      for (const stack of ["prod", "preprod", "dev"])
        await unapproved.run("plan", stack, unapproved.file(stack));
      const apply = (stack: string) => unapproved.run("apply", stack, unapproved.file(stack));
      assert.match((await apply("prod")).output, /^error: stack "prod" is production, and nobody approves/m);
      assert.match((await apply("preprod")).output, /^error: the name of stack "preprod" leaves open/m);
      assert.equal((await apply("dev")).exitCode, 0);
      assert.deepEqual(unapproved.read("fake/calls").match(/^up --stack \S+/gm), ["up --stack dev"]);
    } finally {
      unapproved.remove();
    }
  });

  it("plans and deploys though the CLI warns", async () => {
    const warning = "warning: F is deprecated";
    job.pulumi({
      plan: { resourcePlans: {} },
      events: [summary({ create: 1 })],
      lastUpdate: "Monday",
      warning,
    });
    const planned = await job.run("plan", "prod", job.file("plan"));
    assert.equal(planned.exitCode, 0, planned.output);
    const applied = await job.run("apply", "prod", job.file("plan"));
    assert.equal(applied.exitCode, 0, applied.output);
  });

  it("does not tell a plan's reader to use a file that is gone", async () => {
    const advice = [
      "info: Update plan written to '/tmp/plan-x/plan.json'",
      "Run `pulumi up --plan='/tmp/plan-x/plan.json'` to constrain the update to the operations planned by this preview",
    ];
    job.pulumi({ output: "the diff\n", warning: advice.join("\n"), plan: { resourcePlans: {} } });
    const { output } = await job.run("plan", "prod", job.file("plan"));
    for (const text of [output, job.read("summary.md")]) {
      assert.match(text, /the diff/);
      assert.doesNotMatch(text, /plan-x/);
    }
  });

  // A download by pattern makes no folder for an artifact that is the only one.
  for (const folder of ["plans", "plans/plan-prod"]) {
    it(`finds the plan in ${folder}`, async () => {
      job.pulumi({ events: [summary({ create: 1 })], plan: { resourcePlans: {} } });
      await job.run("plan", "prod", job.file(folder));
      const { exitCode, output } = await job.run("changes", job.file("plans"));
      assert.equal(exitCode, 0, output);
      assert.match(output, /production: prod\n/);
    });
  }

  it("says to plan anew when the engine finds something else to do than was shown", async () => {
    job.pulumi({ plan: { resourcePlans: {} } });
    await job.run("plan", "dev", job.file("plan"));
    job.pulumi({
      exitCode: 1,
      events: [diagnostic("error", "resource x violates plan: properties changed")],
    });
    const { exitCode, output } = await job.run("apply", "dev", job.file("plan"));
    assert.equal(exitCode, 1);
    assert.match(output, /no longer what the plan was made for; run the whole pipeline on main again/);
  });

  it("keeps no plan of a preview that failed", async () => {
    job.pulumi({ exitCode: 1, events: [diagnostic("error", "images would be lost")] });
    assert.equal((await job.run("plan", "prod", job.file("plan"))).exitCode, 1);
    assert.equal(existsSync(job.file("plan")), false);
    assert.match(job.read("summary.md"), /images would be lost/);
  });

  it("says that there is no plan, in words, and deploys none", async () => {
    for (const [script, ...args] of [["changes"], ["apply", "prod"]] as const) {
      const { exitCode, output } = await job.run(script, ...args, job.file("plans"));
      assert.equal(exitCode, 1);
      assert.match(output, /^error: \S+plans holds no plan; make one with ci\/jobs\/plan\.ts\n$/);
    }
  });

  it("says in words that the environment for approval is missing, and what else the forge refuses", async () => {
    const missing = await job.run("check-approval", "edge-approval");
    assert.equal(missing.exitCode, 1);
    assert.match(
      missing.output,
      /^error: nobody approved: environment "edge-approval" is missing; make it with reviewers .*\n$/,
    );

    const elsewhere = new Job({ ...forge.gitHub, GITHUB_REPOSITORY: "team/other" });
    try {
      const { output } = await elsewhere.run("preview", "dev");
      assert.match(output, /^error: GitHub answered 404 to GET \S+\/repos\/team\/other\/\S+: .*\n$/m);
      assert.doesNotMatch(output, /HttpError|^ +at /m);
    } finally {
      elsewhere.remove();
    }
  });

  it("refuses production without reviewers", async () => {
    forge.protectionRules = [{ type: "branch_policy" }];
    const refused = await job.run("check-approval", "prod-approval");
    assert.equal(refused.exitCode, 1);
    assert.match(refused.output, /environment "prod-approval" has no required reviewers/);
    forge.protectionRules.push({ type: "required_reviewers" });
    assert.equal((await job.run("check-approval", "prod-approval")).exitCode, 0);
  });

  for (const [exitCode, verdict, red, title] of [
    [0, "clean", 0, "Stack dev is as deployed: no changes"],
    [7, "drift", 1, "Stack dev has drifted: update 1"],
    [1, "failed", 1, "Stack dev differs on a host, or could not be checked: **failed**"],
  ] as const) {
    it(`takes exit code ${exitCode} of the nightly comparison for "${verdict}"`, async () => {
      job.pulumi({ exitCode, events: exitCode === 0 ? [] : [summary({ update: 1 })] });
      assert.equal((await job.run("drift", "dev", job.file("drift.json"))).exitCode, red);
      const result = JSON.parse(job.read("drift.json")) as { verdict: string };
      assert.equal(result.verdict, verdict);
      assert.ok(job.read("summary.md").startsWith(`### ${title}\n`), job.read("summary.md"));
      assert.match(job.read("fake/calls"), /--refresh --expect-no-changes .*--config verifyHosts=true/);
    });
  }
});
