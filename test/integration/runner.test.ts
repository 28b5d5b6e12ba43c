import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";

import { projectDirectory, typescriptLoader } from "../../project";
import { cacheFolder } from "../../sandbox/tools/cache";

const file = "test/unit/kubernetes/blank.test.ts";

describe("npm test", function () {
  this.timeout(60_000); // on a busy machine
  const { XDG_CACHE_HOME } = process.env;
  let folder: string;
  const run = (...args: string[]) => {
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [...typescriptLoader, "test/runner/main.ts", ...args],
      { cwd: projectDirectory, env: { ...process.env, XDG_CACHE_HOME: folder }, encoding: "utf8" },
    );
    return { status, output: stdout + stderr };
  };

  beforeEach(() => (folder = mkdtempSync(path.join(tmpdir(), "test-runner-"))));
  afterEach(() => {
    if (XDG_CACHE_HOME === undefined) delete process.env["XDG_CACHE_HOME"];
    else process.env["XDG_CACHE_HOME"] = XDG_CACHE_HOME;
    rmSync(folder, { recursive: true });
  });

  it("runs one file alone, also where its record of the last run is damaged", () => {
    mkdirSync(path.join(folder, "image-registry-sandbox"));
    writeFileSync(path.join(folder, "image-registry-sandbox/test-seconds.json"), '{"test/unit');
    const { status, output } = run(file);
    assert.equal(status, 0, output);
    assert.match(output, /[1-9]\d* passed, 0 failed, 0 skipped\n$/);
  });

  const refused: [string, string[], RegExp][] = [
    [
      "a file that is not there",
      ["test/unit/nothing.test.ts"],
      /error: test\/unit\/nothing\.test\.ts: there is no test/,
    ],
    ["a text that no title holds", [file, "--fgrep", "no such title"], /error: no test was run\n$/],
    ["a pattern that is none", [file, "--grep", "("], /^error: --grep "\(": .*Unterminated group\n$/],
  ];
  for (const [what, args, message] of refused) {
    it(`fails for ${what}`, () => {
      const { status, output } = run(...args);
      assert.equal(status, 1, output);
      assert.match(output, message);
    });
  }

  it("looks for built programs in the user's own cache where XDG_CACHE_HOME is no absolute path", () => {
    delete process.env["XDG_CACHE_HOME"];
    const own = cacheFolder();
    process.env["XDG_CACHE_HOME"] = "caches";
    assert.equal(cacheFolder(), own);
  });
});
