import assert from "node:assert/strict";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";

import { buildBinaries } from "../../../../sandbox/control-plane/binaries";

// A `go` that writes down its calls, makes up what it is asked for, and does `build` as told.
const fakeGo = (folder: string, build: string) => `#!/bin/sh
echo "$1" >> ${folder}/calls
case "$*" in
  build*) for last; do case "$last" in */unfinished/) out=$last ;; esac; done; ${build} ;;
  *Version*) echo v1.36.3 ;;
  *Dir*) echo ${folder}/kwok ;;
esac
`;
const programs = "for name in server kube-apiserver kubectl; do echo > $out$name; done";

describe("the control plane's programs", function () {
  this.timeout(30_000); // on a busy machine
  const { PATH, XDG_CACHE_HOME } = process.env;
  let folder: string;
  const log = () => undefined;
  const cached = () => readdirSync(path.join(folder, "image-registry-sandbox"));
  const setGo = (build: string) =>
    writeFileSync(path.join(folder, "go"), fakeGo(folder, build), { mode: 0o755 });

  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), "sandbox-binaries-"));
    Object.assign(process.env, { PATH: `${folder}:${PATH}`, XDG_CACHE_HOME: folder });
    for (const stage of [
      "node/fast/node-initialize",
      "node/heartbeat-with-lease/node-heartbeat-with-lease",
    ]) {
      stageFile(`${stage}.yaml`);
    }
    for (const stage of ["pod-ready", "pod-complete", "pod-delete"]) stageFile(`pod/fast/${stage}.yaml`);
  });
  afterEach(() => {
    process.env["PATH"] = PATH;
    if (XDG_CACHE_HOME === undefined) delete process.env["XDG_CACHE_HOME"];
    else process.env["XDG_CACHE_HOME"] = XDG_CACHE_HOME;
    rmSync(folder, { recursive: true });
  });
  const stageFile = (name: string) => {
    const file = path.join(folder, "kwok/kustomize/stage", name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, "kind: Stage\n");
  };

  it("are built on the first call and found on the next", async () => {
    setGo(programs);
    const binaries = await buildBinaries({ log });
    assert.deepEqual(readdirSync(binaries).sort(), ["etcd", "kube-apiserver", "kubectl", "stages"]);
    const calls = readFileSync(path.join(folder, "calls"), "utf8");
    assert.equal(await buildBinaries({ log }), binaries);
    assert.equal(readFileSync(path.join(folder, "calls"), "utf8"), calls, "go was not called again");
  });

  it("are not there after a build that failed, and built by the next", async () => {
    setGo("echo > ${out}server; echo 'no space left on device' >&2; exit 1");
    await assert.rejects(buildBinaries({ log }), /no space left on device/);
    assert.ok(!cached().some((name) => name.startsWith("bin-")));
    setGo(programs);
    assert.ok(existsSync(path.join(await buildBinaries({ log }), "kube-apiserver")));
  });

  it("are not there after a build that was interrupted", async () => {
    setGo("echo > ${out}server; exec sleep 1000");
    const interrupt = new AbortController();
    const build = buildBinaries({ log, signal: interrupt.signal });
    const server = path.join(folder, "image-registry-sandbox/unfinished/server");
    const watch = setInterval(() => existsSync(server) && interrupt.abort(new Error("ended by SIGINT")), 10);
    await assert.rejects(build, /ended by SIGINT/);
    clearInterval(watch);
    assert.ok(!cached().some((name) => name.startsWith("bin-")));
  });
});
