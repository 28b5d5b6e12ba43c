import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";

import { UserError } from "../../../errors";
import { projectDirectory, typescriptLoader } from "../../../project";
import {
  isRunning,
  logTail,
  recordedProcesses,
  startProcess,
  stopProcess,
  stopProcesses,
  startTime,
} from "../../../sandbox/process";
import { sleep } from "../../../sandbox/wait";

describe("a program of the sandbox", function () {
  this.timeout(30_000); // on a busy machine
  let directory: string;
  const run = (name: string, script: string) =>
    startProcess(directory, { name, command: "/bin/sh", args: ["-c", script] });

  beforeEach(() => (directory = mkdtempSync(path.join(tmpdir(), "sandbox-process-"))));
  afterEach(async () => {
    await stopProcesses(directory);
    rmSync(directory, { recursive: true });
  });

  it("runs until it is stopped, and is on record as long", async () => {
    const record = await run("sleeper", "sleep 1000");
    assert.ok(isRunning(record));
    assert.deepEqual(recordedProcesses(directory), [record]);
    await stopProcess(directory, record);
    assert.ok(!isRunning(record));
    assert.deepEqual(recordedProcesses(directory), []);
  });

  it("ends with the process that started it, if that one wants so, also by Ctrl-C", async () => {
    const script = `
      const { endTogether, startProcess } = require("./sandbox/process");
      endTogether();
      const program = { name: "sleeper", command: "/bin/sh", args: ["-c", "sleep 1000 & wait"] };
      void startProcess(${JSON.stringify(directory)}, program).then(() => console.log("started"));
      setTimeout(() => undefined, 1_000_000);`;
    const parent = spawn(process.execPath, [...typescriptLoader, "--eval", script], {
      cwd: projectDirectory,
    });
    await once(parent.stdout, "data");
    const [record] = recordedProcesses(directory);
    assert.ok(isRunning(record!));
    parent.kill("SIGINT");
    assert.deepEqual(await once(parent, "close"), [130, null]);
    while (isRunning(record!)) await sleep(20);
  });

  it("takes its children along when it is stopped", async () => {
    const record = await run("parent", "sleep 1000 & echo $!; wait");
    while (logTail(record) === "") await sleep(10);
    const child = Number(logTail(record));
    assert.ok(startTime(child));
    await stopProcess(directory, record);
    while (startTime(child)) await sleep(10);
  });

  it("is not confused with a stranger that has its pid now", async () => {
    const record = await run("sleeper", "sleep 1000");
    const stranger = { ...record, started: "a boot long ago:1" };
    assert.ok(!isRunning(stranger));
    await stopProcess(directory, stranger);
    assert.ok(isRunning(record), "the process of that pid was left alone");
    process.kill(record.pid);
  });

  it("keeps its output, and that of the run before", async () => {
    const first = await run("talker", "echo first");
    while (isRunning(first)) await sleep(10);
    const second = await run("talker", "echo second >&2");
    while (isRunning(second)) await sleep(10);
    assert.equal(logTail(second), "second");
    assert.equal(readFileSync(path.join(directory, "logs/talker.previous.log"), "utf8"), "first\n");
  });

  it("sees none of the caller's settings", async () => {
    process.env["ETCD_NAME"] = "from the shell";
    try {
      const record = await run("teller", 'echo "name: $ETCD_NAME"');
      while (isRunning(record)) await sleep(10);
      assert.equal(logTail(record), "name:");
    } finally {
      delete process.env["ETCD_NAME"];
    }
  });

  it("that cannot be started is named", async () => {
    await assert.rejects(
      startProcess(directory, { name: "etcd", command: "/nowhere/etcd", args: [] }),
      (error) => error instanceof UserError && /^etcd cannot be started: .*ENOENT/.test(error.message),
    );
  });

  it("is passed over when its record is damaged", () => {
    recordedProcesses(directory);
    const record = run("sleeper", "sleep 1000");
    return record.then(({ pid }) => {
      writeFileSync(path.join(directory, "processes/sleeper.json"), '{"pid":');
      assert.deepEqual(recordedProcesses(directory), []);
      process.kill(pid);
    });
  });
});
