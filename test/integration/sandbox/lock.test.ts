import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";

import { UserError } from "../../../errors";
import { withLock } from "../../../sandbox/lock";
import { typescriptLoader } from "../../../project";

const lock = { name: "test", purpose: "testing" };

describe("the sandbox's lock", function () {
  this.timeout(60_000); // the other process has to load first
  let directory: string;
  let other: ChildProcess | undefined;
  beforeEach(() => (directory = mkdtempSync(path.join(tmpdir(), "sandbox-lock-"))));
  afterEach(() => {
    other?.kill("SIGKILL");
    rmSync(directory, { recursive: true, force: true });
  });

  const lockedByAnother = async () => {
    other = anotherWithLock(directory);
    await once(other.stdout!, "data");
    return other;
  };

  it("gives back what the work returned, and is free again", async () => {
    assert.equal(await withLock(directory, lock, () => Promise.resolve("first")), "first");
    assert.equal(await withLock(directory, lock, () => Promise.resolve("second")), "second");
  });

  it("is free again after the work failed", async () => {
    await assert.rejects(
      withLock(directory, lock, () => Promise.reject(new Error("no luck"))),
      /no luck/,
    );
    assert.equal(await withLock(directory, lock, () => Promise.resolve("next")), "next");
  });

  it("tells a second process the pid and the purpose of the first", async () => {
    const other = await lockedByAnother();
    await assert.rejects(
      withLock(directory, lock, () => Promise.resolve()),
      (error) =>
        error instanceof UserError &&
        error.message.includes(`process ${other.pid} is busy there (holding it)`) &&
        error.message.includes(`kill ${other.pid}`),
    );
  });

  it("lets a patient one wait, and says for whom", async () => {
    const other = await lockedByAnother();
    const lines: string[] = [];
    const waiting = (line: string) => {
      lines.push(line);
      other.stdin!.end(); // lets the other one go
    };
    assert.equal(
      await withLock(directory, { ...lock, wait: waiting }, () => Promise.resolve("got it")),
      "got it",
    );
    assert.deepEqual(lines, [`waiting for process ${other.pid} (holding it)`]);
  });

  it("leaves room for another lock in the same folder", async () => {
    const inner = () => withLock(directory, { ...lock, name: "inner" }, () => Promise.resolve("both"));
    assert.equal(await withLock(directory, lock, inner), "both");
  });

  it("is taken over from a process that was killed", async () => {
    const other = await lockedByAnother();
    other.kill("SIGKILL");
    await once(other, "exit");
    assert.equal(await withLock(directory, lock, () => Promise.resolve("taken over")), "taken over");
  });

  it("names a folder that cannot be made", async () => {
    const file = path.join(directory, "file");
    writeFileSync(file, "");
    await assert.rejects(
      withLock(path.join(file, "sandbox"), lock, () => Promise.resolve()),
      (error) => error instanceof UserError && /cannot write to .*file\/sandbox: ENOTDIR/.test(error.message),
    );
  });
});

/** Another process that holds the lock until its stdin ends. */
function anotherWithLock(directory: string): ChildProcess {
  const script = `
    const { withLock } = require(${JSON.stringify(path.resolve(__dirname, "../../../sandbox/lock"))});
    withLock(process.argv[1], { name: "test", purpose: "holding it" }, async () => {
      console.log("locked");
      for await (const _ of process.stdin);
    });`;
  return spawn(process.execPath, [...typescriptLoader, "-e", script, directory], {
    stdio: ["pipe", "pipe", "inherit"],
  });
}
