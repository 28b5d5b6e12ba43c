import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import commandPackage from "@pulumi/command/package.json";
import kubernetesPackage from "@pulumi/kubernetes/package.json";

import { findPlugins } from "../../../../sandbox/engine/plugins";

describe("the engine's providers", function () {
  this.timeout(60_000); // on a busy machine
  const environment = process.env;
  let folder: string;
  let said: string[];
  const find = (install: string) => {
    const cli = path.join(folder, "pulumi");
    writeFileSync(cli, `#!/bin/sh\n${install}\n`, { mode: 0o755 });
    const options = { log: (line: string) => said.push(line) };
    return findPlugins({ path: cli, version: "v3.99.0", origin: "installed" }, standIns(), options);
  };
  const standIns = () => path.join(folder, "stand-ins");
  const plugin = (name: string) => mkdirSync(path.join(folder, "plugins", name), { recursive: true });

  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), "sandbox-plugins-"));
    process.env = { ...environment, PULUMI_HOME: folder };
    said = [];
    plugin(`resource-kubernetes-v${kubernetesPackage.version}`);
  });
  afterEach(() => {
    process.env = environment;
    rmSync(folder, { recursive: true });
  });

  it("are those that the CLI can install", async () => {
    assert.deepEqual(await find("exit 0"), { folders: [], notes: [] });
  });

  it("have stand-ins where it cannot, with the reason; one that is unpacked by half counts as none", async () => {
    const name = `resource-command-v${commandPackage.version}`;
    plugin(name);
    writeFileSync(path.join(folder, "plugins", `${name}.partial`), "");
    const { folders, notes } = await find("echo 'error: no such host' >&2; exit 1");
    assert.deepEqual(folders, [standIns()]);
    assert.deepEqual(notes, ["the random provider is a stand-in", "the command provider is a stand-in"]);
    assert.ok(readdirSync(standIns()).includes("pulumi-resource-command"));
    assert.deepEqual(said.filter((line) => line.includes("no such host")).length, 2, said.join("\n"));
  });

  it("have stand-ins that only this user can change, and that run whatever lies in the folders above", async () => {
    writeFileSync(path.join(folder, "package.json"), '{"type":"module"}');
    const umask = process.umask(0);
    try {
      await find("exit 1");
    } finally {
      process.umask(umask);
    }
    assert.equal(statSync(standIns()).mode & 0o777, 0o700);
    const provider = spawn(path.join(standIns(), "pulumi-resource-random"), ["127.0.0.1:1"]);
    const [port] = (await Promise.race([
      once(provider.stdout, "data"),
      once(provider, "close"),
    ])) as unknown[];
    provider.kill();
    assert.match(String(port), /^\d{2,}\n$/);
  });
});
