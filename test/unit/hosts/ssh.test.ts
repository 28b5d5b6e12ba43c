import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { parseExportStatus, sshCommandLine } from "../../../hosts";

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

  it("goes through a bastion whose key is checked as well", () => {
    const proxy = { host: "bastion", user: "jump", hostKey: "ssh-ed25519 AAAAbastion", privateKey: "other" };
    const line = sshCommandLine({ ...host, host: "fd00::1", proxy }, directory, "true");
    const through = understood(line).get("proxycommand") ?? "";
    assert.match(through, /'-W' '\[fd00::1\]:22' 'jump@bastion'$/);
    assert.match(through, /'StrictHostKeyChecking=yes'/);
    assert.equal(
      readFileSync(join(directory, "bastion.known_hosts"), "utf8"),
      "[bastion]:22 ssh-ed25519 AAAAbastion\n",
    );
  });
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
