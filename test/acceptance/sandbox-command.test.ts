import assert from "node:assert/strict";
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";

import { processesOf } from "./support";
import { typescriptLoader } from "../../project";

describe("npm run sandbox", function () {
  this.timeout(30 * 60_000); // the first one builds
  let directory: string;
  before(() => (directory = mkdtempSync(path.join(tmpdir(), "sandbox-command-"))));
  after(async () => {
    await sandbox("stop", "--directory", directory);
    rmSync(directory, { recursive: true });
  });

  it("says which engine runs, puts a stack on the sandbox as pulumi would, shows what came up, and stops", async () => {
    const { status, stdout, stderr } = await sandbox("--directory", directory);
    assert.equal(status, 0, stderr);
    const lines = stdout.split("\n");
    assert.match(lines[0]!, /^pulumi v\d+\.\d+\.\d+, (installed|brought by|built from)/);
    const shown = [
      "$ pulumi preview --stack dev",
      "    + 8 to create",
      "$ pulumi up --stack dev",
      "    + 8 created",
      "$ npm run status -- --stack dev",
      "registry of sandbox (operator)  ● serves what the stack asks for",
    ];
    assert.deepEqual(
      lines.filter((line) => shown.includes(line)),
      shown,
    );
    assert.deepEqual(processesOf(directory), []);
  });

  it("ends when nobody reads what it prints any more", async () => {
    const child = start(["--directory", directory]);
    child.stdout.destroy();
    const { status, stderr } = await ended(child);
    assert.equal(status, 1);
    assert.match(stderr, /error: nobody reads what is printed\n$/);
    assert.deepEqual(processesOf(directory), []);
  });

  it("prints the kubeconfig's path and nothing else, of a sandbox that stays until it is stopped", async () => {
    const kubeconfig = path.join(directory, "kubeconfig");
    const first = await sandbox("--kubeconfig", "--directory", directory);
    assert.deepEqual([first.status, first.stdout], [0, `${kubeconfig}\n`], first.stderr);
    const running = processesOf(directory);
    assert.ok(running.some((line) => line.includes("operator/main.ts")));

    const second = await sandbox("--kubeconfig", "--directory", directory);
    assert.equal(second.stdout, `${kubeconfig}\n`);
    assert.deepEqual(processesOf(directory), running);

    const stop = await sandbox("stop", "--directory", directory);
    assert.equal(stop.status, 0, stop.stderr);
    assert.deepEqual(processesOf(directory), []);
  });

  it("stops where nothing runs without complaint", async () => {
    assert.equal((await sandbox("stop", "--directory", directory)).status, 0);
  });

  it("names the stacks there are when asked for another", async () => {
    const { status, stderr } = await sandbox("--stack", "staging", "--directory", directory);
    assert.equal(status, 1);
    assert.match(
      stderr,
      /^error: --stack "staging": there is no Pulumi\.staging\.yaml; stacks: dev, prod, standalone/,
    );
  });

  for (const args of [["frobnicate"], ["--frobnicate"], ["start", "stop"]]) {
    it(`shows its usage to who asks for ${args.join(" ")}`, async () => {
      const { status, stderr } = await sandbox(...args);
      assert.equal(status, 1);
      assert.match(stderr, /^error: .*\n\nnpm run sandbox -- \[command\] \[options\]/);
    });
  }

  it("says which folder it cannot write to", async () => {
    const file = path.join(directory, "file");
    writeFileSync(file, "");
    const { status, stderr } = await sandbox("start", "--directory", file);
    assert.equal(status, 1);
    assert.match(stderr, /^error: the sandbox cannot write to .*\/file: /);
  });
});

interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const sandbox = (...args: string[]) => ended(start(args));

function start(args: readonly string[]): ChildProcessWithoutNullStreams {
  const main = path.resolve(__dirname, "../../sandbox/main.ts");
  return spawn(process.execPath, [...typescriptLoader, main, ...args]);
}

async function ended(child: ChildProcessWithoutNullStreams): Promise<Ended> {
  const output = { stdout: "", stderr: "" };
  for (const stream of ["stdout", "stderr"] as const) {
    child[stream].on("data", (chunk: Buffer) => (output[stream] += chunk.toString()));
  }
  const status = await new Promise<number | null>((resolve) => child.on("close", resolve));
  return { status, ...output };
}
