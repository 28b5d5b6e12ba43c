import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { bash } from "../../../hosts";
import { exportName } from "../../../hosts/export-spec";
import { projectDirectory } from "../../../project";
import { skip } from "../../skip";
import { describeOnFakeHosts, FakeHost } from "./fake-host";
import { registryServer } from "./registry-server";

/** What `nft list ruleset` shows of one table that holds one chain of the packets' way in, and what it leads to. */
const table = (name: string, chain: string, rules: string, more = "") =>
  `table ${name} { # handle 1\n${more}\tchain ${chain} { # handle 2\n\t\ttype filter hook input priority filter; policy accept;\n\t\t${rules} # handle 3\n\t}\n}\n`;
const map = (verdict: string) =>
  `\tmap ports { # handle 4\n\t\ttype inet_service : verdict\n\t\telements = { 22 : accept, 2049 : ${verdict} }\n\t}\n`;
const closed = "\tchain closed { # handle 5\n\t\treject # handle 6\n\t}\n";

describeOnFakeHosts("rules that somebody wrote with nft", () => {
  let host: FakeHost;
  beforeEach(() => (host = new FakeHost()));
  afterEach(() => host.remove());
  const opened = (ruleset: string) => {
    host.write("nft.ruleset", ruleset);
    const { stdout, stderr } = host.run(registryServer(), "apply");
    return [...(/^changed: nftables: (.*); $/gm.exec(stdout + stderr)?.[1]?.split("; ") ?? [])];
  };

  for (const [what, ruleset, chains] of [
    ["a rule", table("inet f", "input", "tcp dport 2049 drop"), ["inet f input"]],
    ["a rule about other ports", table("inet f", "input", "tcp dport 22 drop"), []],
    [
      "a rule about a set of other ports",
      table("inet f", "input", "tcp dport { 80, 443 } ip saddr @f reject"),
      [],
    ],
    ["a chain for other ports", table("inet f", "input", "tcp dport 22 jump closed", closed), []],
    ["a rule about a range of other ports", table("inet f", "input", "tcp dport 8000-8100 drop"), []],
    [
      "a rule about a set with a range of ports",
      table("inet f", "input", "tcp dport { 22, 2000-2100 } drop"),
      ["inet f input"],
    ],
    [
      "a rule about all ports but one",
      table("inet f", "input", "tcp dport != { 22 } drop"),
      ["inet f input"],
    ],
    ["a range of ports", table("inet f", "input", "tcp dport 2000-2100 drop"), ["inet f input"]],
    ["a chain that it jumps to", table("inet f", "input", "jump closed", closed), ["inet f input"]],
    ["a map", table("inet f", "input", "tcp dport vmap @ports", map("drop")), ["inet f input"]],
    [
      "a chain that a map leads to",
      table("inet f", "input", "tcp dport vmap @ports", map("jump closed") + closed),
      ["inet f input"],
    ],
    ["a map that accepts", table("inet f", "input", "tcp dport vmap @ports", map("accept")), []],
    [
      "a table that is called as iptables calls its own",
      table("ip filter", "INPUT", "tcp dport 2049 drop"),
      ["ip filter INPUT"],
    ],
    [
      "the table that firewalld has for the moment of a reload",
      table("inet firewalld_policy_drop", "filter_input", "drop"),
      [],
    ],
  ] as const) {
    it(`are opened where they may drop a client's packets, and nowhere else: by ${what}`, () => {
      assert.deepEqual(opened(ruleset), chains);
    });
  }

  const name = exportName({ id: "registry", path: "/srv/registry" });
  const folder = `/etc/image-registry/${name}`;
  const unit = `/etc/systemd/system/image-registry-firewall-${name}.service`;

  it("are opened at boot, too, each table by itself: one that is not there yet takes no other with it", () => {
    opened(
      ["inet b", "inet missing/one", "inet z"]
        .map((one) => table(one, "input", "tcp dport 2049 drop"))
        .join(""),
    );
    // Stands in for nft at a boot that lacks a table.
    host.write("boot/nft", `#!/bin/sh\nif grep -q missing "$2"; then exit 1; fi\ncat "$2"\n`);
    chmodSync(host.path("boot/nft"), 0o755);
    const [, command] = /^ExecStart=(.*)$/m.exec(host.read(unit)) ?? [];
    assert.ok(command);
    const { stdout, status } = spawnSync(
      "sh",
      ["-c", command.replace("/usr/sbin/nft", host.path("boot/nft")).replace(folder, host.path(folder))],
      { encoding: "utf8" },
    );
    assert.match(stdout, /insert rule inet b input jump .*insert rule inet z input jump/s);
    assert.doesNotMatch(stdout, /missing/);
    assert.notEqual(status, 0, "and the unit says so");
  });

  it("leave no file behind of a table that drops no more, nor the one file that a former version kept", () => {
    const former = `/etc/image-registry/${name}.nft`;
    host.write(former, "add chain inet f x\n");
    host.write(unit, `[Service]\nExecStart=/usr/sbin/nft -f ${former}\n`);
    opened(table("inet a", "input", "drop") + table("inet b", "input", "drop"));
    assert.equal(host.exists(former), false);
    assert.deepEqual(host.list(folder).sort(), ["inet.a.nft", "inet.b.nft"]);
    opened(table("inet b", "input", "drop"));
    assert.deepEqual(host.list(folder), ["inet.b.nft"]);
    host.write(former, "");
    host.run(registryServer(), "remove");
    assert.deepEqual(host.list("/etc/image-registry"), []);
    assert.equal(host.exists(unit), false);
  });

  const ours = `image-registry-${name}`;
  /** A table in which a chain of ours stands, to which its own chain jumps. */
  const jumping = (table_: string, rules: string) =>
    table(
      table_,
      "input",
      `jump ${ours} # handle 9\n\t\t${rules}`,
      `\tchain ${ours} { # handle 8\n\t\tip saddr 10.0.0.0/24 tcp dport 2049 accept # handle 7\n\t}\n`,
    );

  it("leave nothing of ours behind that would fail at boot, once none drops any more", () => {
    opened(table("inet a", "input", "drop"));
    host.write("nft.ruleset", jumping("inet a", "tcp dport 22 accept"));
    const { status, stdout } = host.run(registryServer(), "check");
    assert.equal(status, 3);
    assert.match(
      stdout,
      /^differs: remove image-registry-firewall-.*\ndiffers: nftables without .* in inet a$/m,
    );
    assert.ok(host.exists(unit), "a check changes nothing");
    const { stdout: applied, calls } = host.run(registryServer(), "apply");
    assert.match(applied, /^serving/m);
    assert.ok(
      calls.some((call) => call.startsWith("systemctl --quiet disable --now image-registry-firewall-")),
    );
    assert.equal(host.exists(unit), false);
    assert.deepEqual(host.list("/etc/image-registry"), []);
    assert.equal(host.read("nft.loaded"), `delete rule inet a input handle 9\ndelete chain inet a ${ours}\n`);
    host.write("nft.ruleset", table("inet a", "input", "tcp dport 22 accept"));
    assert.doesNotMatch(host.run(registryServer(), "apply").stdout, /^changed/m);
    assert.equal(host.run(registryServer(), "check").status, 0);
  });

  it("leave no chain of ours in a table that drops no more, beside one that does", () => {
    const both = (b: string) => jumping("inet a", "drop") + b;
    opened(both(jumping("inet b", "drop")));
    opened(both(jumping("inet b", "accept")));
    assert.equal(host.read("nft.loaded"), `delete rule inet b input handle 9\ndelete chain inet b ${ours}\n`);
    opened(both(table("inet b", "input", "accept")));
    assert.equal(host.run(registryServer(), "check").status, 0);
  });

  it("lose what is ours as nft itself takes it, in no table but those that drop no more", function () {
    if (spawnSync("unshare", ["--net", "nft", "list", "ruleset"]).status !== 0) skip(this, "needs nft");
    const input = `
set -euo pipefail
mend() { :; }
bounded() { "$@"; }
tables_that_iptables_brings_back() { :; }
RULE_COMMENT=ours NFT_RULES=('ip saddr 10.0.0.0/24 tcp dport 2049 accept') FIREWALL_PORTS=(2049/tcp)
${readFileSync(join(projectDirectory, "hosts/server-nftables.sh"), "utf8")}
for table in a b; do
  nft "add table inet $table; add chain inet $table in { type filter hook input priority 0; policy drop; }; add rule inet $table in tcp dport 22 accept"
done
before=$(nft list table inet b)
read_nftables
nft -f - <<<"$(each_filter nft_chain_text)"
opened=$(nft list table inet a)
[[ $opened == *ours* && $(nft list table inet b) == *ours* ]]
nft 'add chain inet b in { policy accept; }'
read_nftables
drop_chains_but "$INPUT_FILTERS"
diff <(nft list ruleset) - <<<"$opened"$'\n'"\${before/policy drop/policy accept}"`;
    const { status, stdout, stderr } = spawnSync("unshare", ["--net", ...bash], { input, encoding: "utf8" });
    assert.equal(status, 0, stdout + stderr);
  });

  it("keep what is ours where they cannot be read", () => {
    opened(table("inet a", "input", "drop"));
    host.delete("nft.ruleset");
    assert.match(host.run(registryServer(), "apply").stdout, /^serving/m);
    assert.equal(host.run(registryServer(), "check").status, 0);
    assert.ok(host.exists(unit));
    assert.deepEqual(host.list(folder), ["inet.a.nft"]);
  });

  it("are refused where they are in the file that the boot loads, and not live, and keep what is ours", () => {
    const file = "/etc/nftables.conf";
    host.write("units/nftables.active", "");
    host.write("units/nftables.enabled", "enabled\n");
    host.write(
      "units/nftables.command",
      `ExecStart={ path=/sbin/nft ; argv[]=/sbin/nft -f ${file} ; status=0 }`,
    );
    host.write(file, table("inet f", "input", "tcp dport 22 drop"));
    assert.match(host.run(registryServer(), "apply").stdout, /^serving/m);
    host.write(file, table("inet f", "input", "drop"));
    const { status, stderr } = host.run(registryServer(), "apply");
    assert.equal(status, 1);
    assert.match(
      stderr,
      /^error: \/etc\/nftables\.conf, which is loaded at the next boot, .* live now: inet f input\. Load it/,
    );
    opened(table("inet f", "input", "drop"));
    assert.match(host.run(registryServer(), "apply").stdout, /^serving/m);
    host.write("nft.ruleset", "");
    assert.doesNotMatch(host.run(registryServer(), "check").stdout, /^differs: remove/m);
    assert.equal(host.run(registryServer(), "apply").status, 1);
    assert.deepEqual(host.list(folder), ["inet.f.nft"]);
  });

  it("have no chain of ours once the export is removed, though they drop nothing any more", () => {
    host.write("nft.ruleset", jumping("inet f", "tcp dport 22 accept"));
    host.run(registryServer(), "remove");
    assert.equal(host.read("nft.loaded"), `delete rule inet f input handle 9\ndelete chain inet f ${ours}\n`);
  });
});
