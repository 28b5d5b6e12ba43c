import { execFile, execFileSync } from "node:child_process";
import { chmodSync, cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import * as path from "node:path";

import { projectDirectory } from "../../../project";
import { buildTools } from "../../../sandbox/tools/build";
import type { FakeForge } from "../../unit/ci/fake-forge";
import { Job } from "../../integration/ci/job";
import { writeActions } from "./actions";

/** The packages are there already; what else npm would do is not the workflow's. */
const npm = `#!/bin/sh
[ "$1" = ci ] && ln -sfn ${projectDirectory}/node_modules node_modules
`;

/** The one thing in the workflows that act does not know: GitHub's queue of more than one waiting job. */
const unknownToAct = /^ *queue: max\n/gm;

/**
 * The project's workflows on act, a runner that takes this machine for its own. Real are the workflows, their expressions,
 * matrices, conditions and outputs, and the scripts; stand-ins are the forge, the actions, npm and the CLI.
 */
export class Runner {
  /** Has the CLI's stand-in, and the folder for all else. */
  readonly job = new Job();
  private readonly actions = writeActions(this.job.file("actions"));
  private readonly repository = this.job.file("repository");

  private constructor(private readonly act: string) {}

  static async start(log: (line: string) => void): Promise<Runner> {
    const announcement = "act, a runner of GitHub's workflows: once, about a minute on two cores";
    const module = path.join(projectDirectory, "ci/tools/act");
    const folder = await buildTools({ name: "act", module, announcement }, { log });
    return new Runner(path.join(folder, "act")).prepare();
  }

  private prepare(): this {
    writeFileSync(this.job.file("bin/npm"), npm);
    chmodSync(this.job.file("bin/npm"), 0o755);
    mkdirSync(this.job.file("artifacts"));
    // As it is, committed or not.
    const listed = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
    for (const file of execFileSync("git", listed, { cwd: projectDirectory, encoding: "utf8" }).split("\0")) {
      if (file !== "") cpSync(path.join(projectDirectory, file), path.join(this.repository, file));
    }
    for (const name of ["preview", "deploy", "drift"]) {
      const file = `.github/workflows/${name}.yml`;
      this.write(file, this.read(file).replaceAll(unknownToAct, ""));
    }
    this.git("init", "--quiet", "--initial-branch", "main");
    this.commit();
    return this;
  }

  /** What a pull request's checkout is: main, merged with a branch that changes these files. */
  mergePullRequest(files: readonly string[]): void {
    this.git("checkout", "--quiet", "-B", "change", "main");
    for (const file of files) this.write(file, `${this.read(file)}# changed\n`);
    this.commit();
    this.git("checkout", "--quiet", "--detach", "main");
    this.git("merge", "--quiet", "--no-ff", "--no-edit", "change");
  }

  checkOutMain(): void {
    this.git("checkout", "--quiet", "main");
  }

  /** Runs a workflow as an event would; returns whether all its jobs were green, and the log. */
  run(
    workflow: string,
    event: { readonly name: string; readonly payload: object },
    forge: FakeForge,
  ): Promise<{ green: boolean; log: string }> {
    const payload = this.job.file("event.json");
    writeFileSync(payload, JSON.stringify(event.payload));
    const replaced = this.pinned(workflow).map((action) => {
      return `--local-repository=${action}=${this.actions[action.split("@")[0]!]!}`;
    });
    const environment = {
      ...forge.gitHub,
      ARTIFACTS: this.job.file("artifacts"),
      FAKE: this.job.file("fake"),
    };
    const args = [
      event.name,
      ...["--workflows", `.github/workflows/${workflow}.yml`, "--eventpath", payload],
      ...["--platform", "ubuntu-24.04=-self-hosted", "--pull=false", "--no-cache-server"],
      ...["--action-cache-path", this.job.file("act"), ...replaced],
      ...["--secret", "GITHUB_TOKEN=github-token", "--secret", "KUBECONFIG=users: []"],
      ...["--var", "STACKS=dev prod"],
      ...Object.entries(environment).map(([name, value]) => `--env=${name}=${value}`),
    ];
    const PATH = [this.job.file("bin"), path.dirname(process.execPath), process.env.PATH].join(
      path.delimiter,
    );
    const options = { cwd: this.repository, env: { PATH, HOME: this.job.folder }, maxBuffer: 2 ** 26 };
    return new Promise((resolve) => {
      execFile(this.act, args, options, (error, stdout, stderr) =>
        resolve({ green: error === null, log: stdout + stderr }),
      );
    });
  }

  /** The actions that a workflow and its own actions use, as they are pinned. */
  private pinned(workflow: string): string[] {
    const own = ["setup", "setup-scripts"].map((name) => `.github/actions/${name}/action.yml`);
    const source = [`.github/workflows/${workflow}.yml`, ...own].map((file) => this.read(file)).join("\n");
    const used = [...source.matchAll(/uses: ([\w/-]+@\w+)/g)].map(([, action]) => action!);
    return [...new Set(used)].filter((action) => !action.startsWith("actions/checkout@")); // act has its own
  }

  private read(file: string): string {
    return readFileSync(path.join(this.repository, file), "utf8");
  }

  private write(file: string, text: string): void {
    writeFileSync(path.join(this.repository, file), text);
  }

  private commit(): void {
    this.git("add", "--all");
    this.git("commit", "--quiet", "--message", "x");
  }

  private git(...args: string[]): void {
    const identity = ["-c", "user.name=test", "-c", "user.email=test@example.com"];
    execFileSync("git", [...identity, ...args], { cwd: this.repository, stdio: "pipe" });
  }
}
