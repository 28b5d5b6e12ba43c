import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import * as path from "node:path";
import { runInNewContext } from "node:vm";
import { parse } from "yaml";

import { projectDirectory } from "../../../project";
import { follow } from "./imports";

interface Job {
  if?: string;
  needs?: string | string[];
  environment?: unknown;
  permissions?: unknown;
  concurrency?: unknown;
  resource_group?: string;
  interruptible?: boolean;
  script?: string[];
  extends?: string;
  rules?: object[];
  variables?: Record<string, string>;
  steps?: { uses?: string; run?: string; env?: object }[];
}

const text = (...names: string[]) => readFileSync(path.join(projectDirectory, ...names), "utf8");
const folder = [".github", "workflows"];
const workflows = readdirSync(path.join(projectDirectory, ...folder));
const call =
  /^(node --require \.\/loader\/typescript\.js ci\/jobs\/[\w-]+\.ts( "?[\w$/^.-]+"?)*|(ci\/jobs\/[\w-]+\.sh|\.ci\/run)|npm ci)$/;

for (const name of workflows) {
  const source = text(...folder, name);
  const { permissions, jobs, on } = parse(source) as {
    permissions: object;
    jobs: Record<string, Job>;
    on: unknown;
  };

  describe(`workflow ${name}`, () => {
    it("pins every action by digest, with its version beside it", () => {
      for (const line of source.split("\n").filter((one) => /uses: (?!\.\/)/.test(one)))
        assert.match(line, /uses: [\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
    });

    it("calls scripts, and has no shell of its own", () => {
      for (const { run } of Object.values(jobs).flatMap(({ steps = [] }) => steps))
        if (run) assert.match(run, call);
    });

    it("gives no job more than it names, and secrets to no job outside an environment", () => {
      assert.deepEqual(permissions, {});
      assert.doesNotMatch(JSON.stringify(on), /pull_request_target|workflow_run/);
      for (const job of Object.values(jobs)) {
        assert.ok(job.permissions);
        if (JSON.stringify(job).includes("{{ secrets.")) {
          assert.match(JSON.stringify(job.environment), /matrix\.stack/);
          assert.deepEqual(job.concurrency, { group: "stack-${{ matrix.stack }}", queue: "max" });
        }
      }
    });
  });
}

describe("the workflows together", () => {
  const deploy = parse(text(...folder, "deploy.yml")) as { jobs: Record<string, Job> };

  it("deploy production after all others, and after approval", () => {
    assert.deepEqual(deploy.jobs["approve"]!.needs, ["changes", "deploy"]);
    assert.deepEqual(deploy.jobs["deploy-production"]!.needs, ["changes", "approve"]);
  });

  it("install neither the CLI nor the program's packages for scripts that never call Pulumi", function () {
    this.timeout(30_000);
    const scripts = { setup: new Set<string>(), "setup-scripts": new Set<string>() };
    for (const name of workflows) {
      const { jobs } = parse(text(...folder, name)) as { jobs: Record<string, Job> };
      for (const { steps = [] } of Object.values(jobs)) {
        const action = /actions\/(setup|setup-scripts)"/.exec(
          JSON.stringify(steps),
        )?.[1] as keyof typeof scripts;
        for (const [script] of JSON.stringify(steps).matchAll(/ci\/jobs\/[\w-]+\.ts/g))
          scripts[action].add(script);
      }
    }
    const all = [...scripts.setup, ...scripts["setup-scripts"]];
    const loaded = new Map(all.map((script) => [script, follow(script)]));
    const callsPulumi = (script: string) => loaded.get(script)!.has("ci/lib/pulumi.ts");
    assert.deepEqual(
      [...scripts.setup].filter((one) => !callsPulumi(one)),
      [],
    );
    assert.deepEqual([...scripts["setup-scripts"]].filter(callsPulumi), []);
    assert.ok(scripts["setup-scripts"].size >= 5);

    const { dependencies } = JSON.parse(text("ci", "package.json")) as { dependencies: object };
    const packages = [...scripts["setup-scripts"]].flatMap((script) =>
      [...loaded.get(script)!].flatMap(packagesOf),
    );
    assert.deepEqual(
      packages.filter((name) => !(name in dependencies)),
      [],
    );
    for (const action of Object.keys(scripts)) {
      const source = text(".github", "actions", action, "action.yml");
      assert.match(source, /run: npm ci .*--ignore-scripts$/m);
      assert.equal(source.includes("pulumi/actions"), action === "setup");
    }
  });

  it("deploy production as they deploy the others", () => {
    assert.deepEqual(deploy.jobs["deploy-production"]!.steps, deploy.jobs["deploy"]!.steps);
  });

  describe("run", () => {
    const plans = (first: string[], production: string[]) => ({
      stacks: { stacks: JSON.stringify([...first, ...production]) },
      changes: { first: JSON.stringify(first), production: JSON.stringify(production) },
    });
    const drift = parse(text(...folder, "drift.yml")) as { jobs: Record<string, Job> };

    it("nothing but the first job where no stacks are delivered", () => {
      assert.deepEqual(ran(deploy.jobs, plans([], [])), ["stacks"]);
      assert.deepEqual(ran(drift.jobs, plans([], [])), ["stacks"]);
    });

    it("the deployment of what changes, be it production or not", () => {
      const always = ["stacks", "plan", "changes"];
      assert.deepEqual(ran(deploy.jobs, plans(["dev"], [])), [...always, "deploy"]);
      assert.deepEqual(ran(deploy.jobs, plans([], ["prod"])), [...always, "approve", "deploy-production"]);
    });

    it("no production after a failure before it, and the night's report all the same", () => {
      const both = plans(["dev"], ["prod"]);
      assert.deepEqual(ran(deploy.jobs, both, "deploy"), ["stacks", "plan", "changes", "deploy"]);
      assert.deepEqual(ran(deploy.jobs, both, "plan"), ["stacks", "plan"]);
      assert.deepEqual(ran(drift.jobs, both, "drift"), ["stacks", "drift", "report"]);
    });
  });

  it("install the CLI of the version in package.json, also on GitLab", () => {
    const { devDependencies } = JSON.parse(text("package.json")) as { devDependencies: { pulumi: string } };
    const setup = text(".github", "actions", "setup", "action.yml");
    assert.equal(/pulumi-version: (.*)/.exec(setup)?.[1], devDependencies.pulumi);
    assert.match(
      text("examples", "gitlab-ci.yml"),
      new RegExp(`image: pulumi/pulumi-nodejs-22:${devDependencies.pulumi}\n`),
    );
  });
});

function packagesOf(file: string): string[] {
  return [
    ...text(file).matchAll(/^import (?!type )[^;]*from "((?:@[^/"]+\/)?[^./"][^/":]*)(?:\/[^"]*)?";$/gm),
  ].map(([, name]) => name!);
}

/** The jobs that GitHub would run on main, in the file's order, when one of them fails. */
function ran(jobs: Record<string, Job>, outputs: Record<string, object>, failing = ""): string[] {
  const results: Record<string, string> = {};
  const before = (name: string): string[] =>
    [jobs[name]!.needs ?? []].flat().flatMap((one) => [one, ...before(one)]);
  for (const [name, { if: condition = "true", needs = [] }] of Object.entries(jobs)) {
    const all = before(name).map((one) => results[one]);
    // What a job that was skipped would have put out is empty.
    const known = [needs].flat().map((one) => {
      const isSkipped = results[one] === "skipped";
      return [
        one,
        { result: results[one], outputs: isSkipped ? { first: "", production: "" } : outputs[one] },
      ];
    });
    const context = {
      github: { ref: "refs/heads/main" },
      needs: Object.fromEntries(known) as object,
      cancelled: () => false,
      failure: () => all.includes("failure"),
      success: () => all.every((result) => result === "success"),
    };
    const hasStatus = /(cancelled|failure|success|always)\(\)/.test(condition);
    const runs = Boolean(runInNewContext(hasStatus ? condition : `success() && (${condition})`, context));
    results[name] = !runs ? "skipped" : name === failing ? "failure" : "success";
  }
  return Object.keys(results).filter((name) => results[name] !== "skipped");
}

describe("the pipeline for GitLab", () => {
  const jobs = parse(text("examples", "gitlab-ci.yml")) as Record<string, Job>;
  const inherited = (job: Job | undefined): Job =>
    job?.extends ? { ...inherited(jobs[job.extends]), ...job } : { ...job };
  const own = ["preview", "plan", "deploy", "production", "drift", "report"];

  it("calls the scripts that the workflows call", () => {
    const github = workflows.map((name) => text(...folder, name)).join("\n");
    for (const script of own.flatMap((name) => inherited(jobs[name]).script ?? [])) {
      assert.match(script, call);
      assert.ok(github.includes(/ci\/jobs\/[\w-]+\.ts/.exec(script)![0]), script);
    }
  });

  it("has jobs for every pipeline on main that is made: by a push, by hand, by the API, at night", () => {
    const rules = (name: string) => JSON.stringify(inherited(jobs[name]).rules);
    const isMain = '$CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH && $CI_PIPELINE_SOURCE != \\"schedule\\"';
    for (const name of ["plan", "deploy", "production"]) assert.ok(rules(name).includes(isMain), name);
    for (const name of ["drift", "report"]) assert.match(rules(name), /\$CI_PIPELINE_SOURCE == \\"schedule/);
  });

  it("tells the script which job waits for no approval", () => {
    assert.deepEqual(inherited(jobs["deploy"]).variables, { APPROVAL: "none" });
    assert.equal(inherited(jobs["production"]).variables, undefined);
  });

  it("never runs two jobs of a stack at once, and never cancels an up", () => {
    for (const name of own.filter((one) => one !== "report"))
      assert.equal(inherited(jobs[name]).resource_group, "stack-$STACK", name);
    for (const name of ["deploy", "production"]) assert.equal(inherited(jobs[name]).interruptible, false);
  });
});
