import assert from "node:assert/strict";
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { sleep } from "../../../sandbox/wait";

import { InvalidHost, parseExportStatus, sshCommandLine, sshEnvironment } from "../../../hosts";

const host = { host: "10.0.0.1", hostKey: "ssh-ed25519 AAAAhost", privateKey: "the key" };

describe("reaching a host by ssh", () => {
  let directory: string;
  beforeEach(() => (directory = mkdtempSync(join(tmpdir(), "ssh test-"))));
  afterEach(() => rmSync(directory, { recursive: true }));

  /** What ssh itself makes of a command line, without connecting. */
  const understood = (line: string[]): Map<string, string> => {
    const { stdout, stderr, status } = spawnSync("ssh", ["-G", ...line.slice(1)], { encoding: "utf8" });
    assert.equal(status, 0, stderr);
    return new Map(stdout.split("\n").map((text) => text.split(/ (.*)/, 2) as [string, string]));
  };

  it("accepts the one host key that was named, and offers the one private key", () => {
    const options = understood(sshCommandLine({ ...host, port: 2222, user: "ops" }, directory, "true"));
    assert.equal(options.get("stricthostkeychecking"), "true");
    assert.equal(options.get("globalknownhostsfile"), "/dev/null");
    assert.equal(options.get("identitiesonly"), "yes");
    assert.equal(options.get("user"), "ops");
    assert.equal(options.get("port"), "2222");
    assert.equal(
      readFileSync(join(directory, "host.known_hosts"), "utf8"),
      "[10.0.0.1]:2222 ssh-ed25519 AAAAhost\n",
    );
    assert.equal(readFileSync(join(directory, "host.key"), "utf8"), "the key\n");
    assert.equal(statSync(join(directory, "host.key")).mode & 0o777, 0o600);
  });

  it("takes no user and no address for an option", () => {
    for (const change of [
      { user: "-oProxyCommand=touch /x" },
      { host: "-oProxyCommand=touch" },
      { user: "a b" },
    ]) {
      assert.throws(
        () => sshCommandLine({ ...host, ...change }, directory, "true"),
        /^InvalidHost: connection: /,
      );
      assert.throws(
        () => sshCommandLine({ ...host, proxy: { ...host, ...change } }, directory, "true"),
        InvalidHost,
      );
    }
  });

  it("opens a key with its passphrase, that of the bastion's key as well, and shows neither to others", () => {
    const keyFile = join(directory, "new key");
    const encrypted = (passphrase: string) => {
      rmSync(keyFile, { force: true });
      execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", passphrase, "-f", keyFile]);
      return { privateKey: readFileSync(keyFile, "utf8"), privateKeyPassword: passphrase };
    };
    const words = ["it's a $(secret)", "another `one`"] as const;
    const proxy = { ...host, host: "bastion", ...encrypted(words[1]) };
    const line = sshCommandLine({ ...host, ...encrypted(words[0]), proxy }, directory, "true");
    assert.equal(understood(line).get("batchmode"), "no");
    for (const [name, word] of [
      ["host", words[0]],
      ["bastion", words[1]],
    ] as const) {
      const key = join(directory, `${name}.key`);
      // ssh-keygen asks as ssh does, with the key's name in the question.
      const question = `Enter passphrase for key '${key}': `;
      assert.equal(execFileSync(join(directory, "askpass"), [question], { encoding: "utf8" }), `${word}\n`);
      assert.equal(statSync(`${key}.password`).mode & 0o777, 0o600);
      for (const shown of [...line, ...Object.values(sshEnvironment(directory))])
        assert.ok(!shown.includes(word));
    }
  });

  it("goes through a bastion whose key is checked as well", () => {
    const proxy = { host: "bastion", user: "jump", hostKey: "ssh-ed25519 AAAAbastion", privateKey: "other" };
    const line = sshCommandLine({ ...host, host: "fd00::1", proxy }, directory, "true");
    const through = understood(line).get("proxycommand") ?? "";
    assert.match(through, /'-W' '\[fd00::1\]:22' .*'--' 'bastion'$/);
    assert.match(through, /'StrictHostKeyChecking=yes'/);
    assert.match(through, /'User=jump'/);
    assert.equal(
      readFileSync(join(directory, "bastion.known_hosts"), "utf8"),
      "[bastion]:22 ssh-ed25519 AAAAbastion\n",
    );
  });
});

describe("a program that ends while ssh runs", () => {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    it(`leaves no key behind at ${signal}, and no ssh`, async () => {
      const directory = mkdtempSync(join(tmpdir(), "ended-"));
      const ssh = join(directory, "ssh");
      writeFileSync(ssh, `#!/bin/sh\necho $$ >${directory}/pid\nexec sleep 60\n`, { mode: 0o755 });
      const program = `
        const { runOverSsh } = require(${JSON.stringify(join(__dirname, "../../../hosts/ssh-run.ts"))});
        void runOverSsh(${JSON.stringify(host)}, "check", "", 60);`;
      writeFileSync(join(directory, "program.js"), program);
      const loader = join(__dirname, "../../../loader/typescript.js");
      const env = { ...process.env, PATH: `${directory}:${process.env.PATH}`, TMPDIR: directory };
      const child = spawn(process.execPath, ["--require", loader, join(directory, "program.js")], { env });
      const ended = once(child, "exit");
      const until = async (what: () => boolean) => {
        while (!what()) await sleep(20);
      };
      await until(
        () => existsSync(join(directory, "pid")) && readFileSync(join(directory, "pid"), "utf8") !== "",
      );
      const pid = Number(readFileSync(join(directory, "pid"), "utf8"));
      const keys = () => readdirSync(directory).filter((name) => name.startsWith("ssh-"));
      assert.equal(keys().length, 1);
      child.kill(signal);
      assert.deepEqual(await ended, [null, signal]);
      assert.deepEqual(keys(), []);
      await until(() => !existsSync(`/proc/${pid}`));
      rmSync(directory, { recursive: true });
    });
  }
});

describe("what a host says of an export", () => {
  it("is its room and its clients", () => {
    assert.deepEqual(parseExportStatus("4139646976 2944090112\n10.97.1.0/24\nfd00:97:1::/48\n"), {
      size: 4139646976,
      free: 2944090112,
      clients: ["10.97.1.0/24", "fd00:97:1::/48"],
    });
  });

  it("has no clients where it is not served", () => {
    assert.deepEqual(parseExportStatus(" 100  50\n"), { size: 100, free: 50, clients: [] });
  });
});
