import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { bash } from "../../../hosts";
import { projectDirectory } from "../../../project";
import { skip } from "../../skip";

/** A host in a network namespace: the kernel's own judgement, by rules that the real tools have loaded. */
const host = `
set -euo pipefail
ip link set lo up
ip link add ens4 type veth peer name wire
ip link set ens4 up; ip link set wire up
ip address add 10.97.0.10/16 dev ens4; ip address add fd00:97::10/32 dev ens4 nodad
exec 9>/dev/null
say() { printf '%s\\n' "$*"; }
refuse() { say "refused: $*"; }
bounded() { "$@"; }
TCP_PORTS=(2049) FIREWALL_PORTS=(2049/tcp)
`;
const files = ["server-networks.sh", "server-iptables.sh", "server-packets.sh"];
const chain = "add table inet a; add chain inet a in { type filter hook input priority 0; };";
const programs = ["nft", "iptables", "systemd-socket-activate", "nsenter"];
const missing = spawnSync("unshare", [
  "--net",
  "bash",
  "-c",
  `command -v ${programs.join(" ")} && nft list ruleset`,
]).status;

/** What is said of the clients, where these rules are loaded. */
function tried(rules: string, clients = "10.97.1.0/24 fd00:97:1::/48 10.97.5.7"): string {
  const functions = files.map((file) => readFileSync(join(projectDirectory, "hosts", file), "utf8"));
  const input = [host, ...functions, `CLIENTS=(${clients})`, rules, "try_packets </dev/null"].join("\n");
  const { status, stdout, stderr } = spawnSync("unshare", ["--net", ...bash], {
    input,
    encoding: "utf8",
  });
  assert.equal(status, 0, stdout + stderr);
  return stdout;
}

function keptOut(rules: string, refused: string): void {
  const said = tried(rules);
  assert.ok(said.startsWith("refused: this host's own firewall keeps clients out"), said);
  assert.ok(said.includes(`not opened here: ${refused}. Let them in`), said);
}

const card = "52:54:00:97:00:20";
const router = `ip neighbour add 10.97.0.1 lladdr ${card} dev ens4; ip route add 10.99.0.0/16 via 10.97.0.1; CLIENTS=(10.99.1.7);`;
const ingress =
  "add table netdev a; add chain netdev a in { type filter hook ingress device ens4 priority 0; };";
const nft = (rules: string) => `nft '${chain} ${rules}'`;

describe("a client's packets, tried on a copy of the host's rules", function () {
  this.timeout(60_000);
  if (missing !== 0) {
    it(`needs root, ${programs.join(", ")}`);
    return;
  }

  for (const [what, rules] of [
    ["there is no rule", ""],
    [
      "rules are about something else",
      nft("add rule inet a in tcp dport 22 reject; add rule inet a in ip saddr 10.98.0.0/16 reject"),
    ],
    [
      "a rule counts connections, and one alone passes",
      nft("add rule inet a in tcp dport 2049 ct state new limit rate over 1/minute burst 1 packets reject"),
    ],
    [
      "a rule lets a client in by its network card",
      `ip neighbour add 10.97.5.7 lladdr ${card} dev ens4; CLIENTS=(10.97.5.7); nft '${ingress} add rule netdev a in tcp dport 2049 ether saddr != ${card} drop'`,
    ],
    [
      "a rule lets in what comes by a router's network card",
      `${router} ${nft(`add rule inet a in ether saddr != ${card} reject`)}`,
    ],
    [
      "rules keep out network cards that nobody here has, whose ARP would come in",
      `iptables -A INPUT -m mac --mac-source ${card} -j DROP; ip6tables -A INPUT -p tcp -m mac --mac-source ${card} -j DROP`,
    ],
    [
      "rules keep out, with its ARP, a network card that is not the only client's",
      `ip neighbour add 10.97.5.7 lladdr 52:54:00:97:00:01 dev ens4; CLIENTS=(10.97.5.7); nft '${ingress} add rule netdev a in ether saddr ${card} drop'`,
    ],
    [
      "rules keep out, with its ARP, a network card that is not the router's",
      `${router} CLIENTS=(10.99.1.0/24); nft '${ingress} add rule netdev a in ether saddr 52:54:00:97:00:21 drop'`,
    ],
    [
      "rules keep out, with its ARP, a network card that is known to be no client's, the host's own, and groups",
      `ip link set ens4 address 52:54:00:97:00:10; ip neighbour add 10.97.9.9 lladdr ${card} dev ens4; nft '${ingress} add rule netdev a in ether saddr { ${card}, 52:54:00:97:00:10, 01:00:5e:00:00:01, ff:ff:ff:ff:ff:ff } drop'`,
    ],
  ] as const) {
    it(`get through where ${what}`, () => assert.equal(tried(rules), ""));
  }

  for (const [what, rules, refused] of [
    [
      "of all clients",
      nft("add rule inet a in tcp dport 2049 reject"),
      "10.97.1.1 to 2049/tcp, fd00:97:1::1 to 2049/tcp, 10.97.5.7 to 2049/tcp",
    ],
    [
      "of a part of one client's network",
      nft("add rule inet a in ip6 saddr fd00:97:1:5::/64 tcp dport 2049 reject"),
      "fd00:97:1:5::1 to 2049/tcp, fd00:97:1:5:ffff:ffff:ffff:ffff to 2049/tcp",
    ],
    [
      "of one client, in a table that a running program owns",
      `exec 8> >(nft -i >/dev/null 2>&1); echo '${chain.replace("a;", "a { flags owner; };")} add rule inet a in ip saddr 10.97.5.7 reject' >&8; until nft list table inet a 2>/dev/null | grep -q reject; do sleep 0.05; done`,
      "10.97.5.7 to 2049/tcp",
    ],
    [
      "of an address, in a rule of iptables",
      "iptables -A INPUT -s 10.97.5.7 -j REJECT",
      "10.97.5.7 to 2049/tcp",
    ],
    [
      "of a network card that is a client's, and of none that is another's",
      `ip neighbour add 10.97.1.9 lladdr ${card} dev ens4; ip neighbour add 10.97.9.9 lladdr 52:54:00:97:00:21 dev ens4; nft '${ingress} add rule netdev a in ether saddr { ${card}, 52:54:00:97:00:21 } drop'`,
      `10.97.1.9 (${card}) to 2049/tcp, fd00:97:1::1 (${card}) to 2049/tcp`,
    ],
    [
      "of a client's network card over IPv6, whose address that way is not known",
      `ip neighbour add 10.97.1.9 lladdr ${card} dev ens4; ip6tables -A INPUT -m mac --mac-source ${card} -j REJECT`,
      `fd00:97:1::1 (${card}) to 2049/tcp`,
    ],
    [
      "of the network card of a router that clients are behind",
      `${router} ${nft(`add rule inet a in ether saddr ${card} reject`)}`,
      `10.99.1.7 (${card}) to 2049/tcp`,
    ],
    [
      "of the upper half of a network",
      "CLIENTS=(10.97.1.0/24); iptables -A INPUT ! -s 10.97.1.0/25 -p tcp --dport 2049 -j REJECT",
      "10.97.1.254 to 2049/tcp",
    ],
    [
      "of one among many nodes, each of which a rule names",
      `nft 'add table netdev a; add chain netdev a in { type filter hook ingress device ens4 priority 0; policy accept; };'; for i in {10..60}; do nft add rule netdev a in ip saddr 10.97.1.$i tcp dport 2049 accept; done; nft add rule netdev a in ip saddr 10.97.1.77 tcp dport 2049 drop`,
      "10.97.1.77 to 2049/tcp",
    ],
    [
      "of those behind another interface",
      `ip link add ens5 type veth peer name wire5; ip link set ens5 up; ip link set wire5 up; ip address add 10.98.0.1/24 dev ens5; ${nft("add rule inet a in iifname ens5 reject")}; CLIENTS=(10.96.0.0/13)`,
      "10.98.0.2 to 2049/tcp",
    ],
  ] as const) {
    it(`are found not to get through: ${what}`, () => keptOut(rules, refused));
  }

  for (const [what, rules] of [
    [
      "ARP",
      `for i in 1 254; do ip neighbour add 10.97.1.$i lladdr 52:54:00:97:00:01 dev ens4; done; CLIENTS=(10.97.1.0/24); nft '${ingress} add rule netdev a in ether saddr ${card} drop'`,
    ],
    ["neighbour discovery", `ip6tables -A INPUT -m mac --mac-source ${card} -j DROP`],
    [
      "neighbour discovery, though an address that no client has is known",
      `ip neighbour add 10.97.9.9 lladdr ${card} dev ens4; CLIENTS=(fd00:97:1::/48); ip6tables -A INPUT -m mac --mac-source ${card} -j DROP`,
    ],
  ] as const) {
    it(`are found not to get through, whosever they are: of a network card that is kept out with its ${what}`, () =>
      assert.equal(
        tried(rules),
        `refused: this host's own firewall keeps out all that comes from ${card}, also the ARP or neighbour discovery ` +
          "that would tell whether that is a client: let these in at least, live and at the next boot\n",
      ));
  }

  it("are found not to get through: by a table of iptables-legacy that is no filter", function () {
    const raw = ["--net", "iptables-legacy", "-t", "raw"];
    if (spawnSync("unshare", [...raw, "-S"]).status !== 0) skip(this, "the kernel has no such tables");
    keptOut(
      `${raw.slice(1).join(" ")} -A PREROUTING -p tcp -s 10.97.5.7 --dport 2049 -j DROP`,
      "10.97.5.7 to 2049/tcp",
    );
  });

  it("are not tried where the means are missing, which is said", () => {
    const without = 'command() { [[ $* != *socket-activate* ]] && builtin command "$@"; }; ';
    assert.equal(tried(without), "");
    assert.match(
      tried(without + nft("add rule inet a in tcp dport 2049 reject")),
      /^notice: whether the firewall lets clients in could not be tried: .*systemd-socket-activate/,
    );
  });

  it("are not said to be kept out where the copy itself does not carry them", () => {
    const cut = `
directory=$(mktemp -d); trap 'rm -rf "$directory"' EXIT
cat >"$directory/nsenter" <<'END'
#!/usr/bin/env bash
PATH=\${PATH#*:}
nsenter "$@" || exit
if [[ $* == *'ip -batch'* ]]; then
  for wire in wire-0 wire-1; do nsenter --target "$2" --net ip link set "$wire" down; done
fi
END
chmod +x "$directory/nsenter"; PATH=$directory:$PATH
`;
    assert.match(
      tried(cut + nft("add rule inet a in tcp dport 22 reject")),
      /^notice: whether the firewall lets clients in could not be tried: the copy of this host is not reached, without any rule/,
    );
  });

  it("are tried for all of forty networks, of which the first three that are kept out are named", () => {
    const networks = Array.from({ length: 40 }, (_, i) => `10.97.${i + 1}.0/24`).join(" ");
    const said = tried(nft("add rule inet a in ip saddr 10.97.32.0/19 reject"), networks);
    assert.ok(
      said.includes("here: 10.97.32.1 to 2049/tcp, 10.97.33.1 to 2049/tcp, 10.97.34.1 to 2049/tcp. Let"),
      said,
    );
  });
});
