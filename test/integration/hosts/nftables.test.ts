import assert from "node:assert/strict";

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
  ] as const) {
    it(`are opened where they may drop a client's packets, and nowhere else: by ${what}`, () => {
      assert.deepEqual(opened(ruleset), chains);
    });
  }
});
