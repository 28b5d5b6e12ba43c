import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { once } from "node:events";
import { join } from "node:path";

import { describeOnFakeHosts, FakeHost } from "./fake-host";
import { registryServer } from "./registry-server";

/** Differs from the usual one everywhere a file is written: exports, protocols, settings. */
const other = registryServer({ protocols: { nfs3: true } }, { clients: ["10.0.0.0/16", "10.4.0.0/16"] });
const say = `say() { printf '%s\\n' "$*"; }`;

/** The same script, which kill -9 strikes when it has said so much: just before a change. */
const killedAt = (script: string, lines: number) => {
  assert.ok(script.includes(say));
  return script.replace(
    say,
    () => `SAID=0\nsay() { printf '%s\\n' "$*"; if [[ $((++SAID)) == ${lines} ]]; then kill -9 $$; fi; }`,
  );
};

describeOnFakeHosts("a run that is disturbed", () => {
  let host: FakeHost;
  beforeEach(() => (host = new FakeHost()));
  afterEach(() => host.remove());

  /** All that a run may write, by path. */
  const files = () =>
    Object.fromEntries(
      ["etc", "lib"].flatMap((folder) =>
        readdirSync(host.path(folder), { recursive: true, withFileTypes: true })
          .filter((entry) => entry.isFile())
          .map(({ parentPath, name }) => join(parentPath, name))
          .map((file) => [file, readFileSync(file, "utf8")]),
      ),
    );

  it("is completed by the next one, at whatever change kill -9 struck", () => {
    assert.equal(host.run(registryServer(), "apply").status, 0);
    const wanted = files();
    let point = 1;
    for (; ; point++) {
      const { status, stdout } = host.run(killedAt(other, point), "apply");
      if (status === 0) break;
      assert.equal(stdout.trim().split("\n").length, point);
      const completed = host.run(registryServer(), "apply");
      assert.equal(completed.status, 0, completed.stderr);
      assert.deepEqual(files(), wanted, `killed before "${stdout.trim().split("\n").at(-1)}"`);
    }
    assert.ok(point > 8, `${point} points`);
  });

  for (const [what, seconds, wait, status] of [
    ["waits for one that is already there, and ends well", 1, 60, 0],
    ["gives up waiting in the end, and says for what", 60, 1, 1],
  ] as const) {
    it(what, async () => {
      const lock = host.path("/run/image-registry.lock");
      host.run(registryServer(), "check");
      const holder = spawn("flock", [lock, "sh", "-c", `echo held; exec sleep ${seconds}`]);
      await once(holder.stdout, "data");
      const run = host.run(registryServer({ waitForLock: wait }), "apply");
      holder.kill();
      assert.equal(run.status, status, run.stdout + run.stderr);
      if (status === 1)
        assert.match(
          run.stderr,
          /error: another run on this host still works after 1 s: check of process \d+, since \d{4}-.*:\d\d$/m,
        );
    });
  }
});
