import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";

import { UserError } from "../../../../errors";
import { go } from "../../../../sandbox/tools/go";

describe("building with Go", function () {
  this.timeout(30_000); // on a busy machine
  const { PATH } = process.env;
  let folder: string;
  const fakeGo = (script: string) =>
    writeFileSync(path.join(folder, "go"), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  const failsWith = (...texts: string[]) =>
    assert.rejects(
      go(folder, ["build"]),
      (error) => error instanceof UserError && texts.every((text) => error.message.includes(text)),
    );

  beforeEach(() => (process.env["PATH"] = folder = mkdtempSync(path.join(tmpdir(), "sandbox-go-"))));
  afterEach(() => {
    process.env["PATH"] = PATH;
    rmSync(folder, { recursive: true });
  });

  it("says what to install when there is no Go", () =>
    failsWith("no `go` on PATH", "install Go 1.26 or newer"));

  it("says what to install when a Go of today is too old", async () => {
    fakeGo("echo 'go: go.mod requires go >= 1.26.0 (running go 1.24.1; GOTOOLCHAIN=local)' >&2; exit 1");
    await failsWith("running go 1.24.1", "this Go is too old: install Go 1.26 or newer");
  });

  it("says what to install when Go is so old that it cannot read go.mod", async () => {
    fakeGo("echo \"go: errors parsing go.mod: go.mod:5: invalid go version '1.26.0'\" >&2; exit 1");
    await failsWith("this Go is too old: install Go 1.26 or newer");
  });

  it("shows Go's own last words on any other failure", async () => {
    fakeGo("echo 'dial tcp: lookup modules.example.com: no such host' >&2; exit 1");
    await failsWith("go build failed", "lookup modules.example.com: no such host", "GOPROXY");
  });

  it("returns what Go wrote", async () => {
    fakeGo("echo v1.36.3");
    assert.equal(await go(folder, ["list"]), "v1.36.3");
  });
});
