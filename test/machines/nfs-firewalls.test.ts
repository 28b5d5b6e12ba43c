import assert from "node:assert/strict";

import type { Machine } from "../../sandbox/machines";
import { clientNetworks, converge, must, onMachines, openPorts, runServer, serverSpec } from "./nfs-machines";

const address = "10.97.3.13";
/** On the client's wire, and not in its networks. */
const outside = "10.97.2.31";

/** An administrator's firewall: how it comes to be, how it is taken away, and what a removal must leave of it. */
interface Firewall {
  readonly name: string;
  readonly install: string;
  readonly end: string;
  readonly rules: string;
  /** Loads what the boot would load. */
  readonly again: string;
}

const install = (names: string) =>
  `export DEBIAN_FRONTEND=noninteractive; apt-get -qq -o Dpkg::Options::=--force-confold install -y ${names} >/dev/null`;

/** No call of D-Bus waits longer than 25 s for its reply; firewalld goes on all the same. */
const reloadFirewalld = "firewall-cmd --reload || until firewall-cmd --quiet --state; do sleep 1; done";

const firewalls: readonly Firewall[] = [
  {
    name: "nftables that drops in prerouting, and by a map in a table that iptables would call its own",
    install: `cat >/etc/nftables.conf <<'END'
#!/usr/sbin/nft -f
flush ruleset
table ip early {
  chain before {
    type filter hook prerouting priority -300;
    ip saddr 10.97.0.0/16 tcp dport 2049 drop
  }
}
table ip filter {
  chain closed { drop; }
  map ports { type inet_service : verdict; elements = { 22 : accept, 2049 : jump closed }; }
  chain INPUT {
    type filter hook input priority filter;
    ct state vmap { established : accept, related : accept }
    tcp dport vmap @ports
  }
}
END
${install("nftables")}; systemctl enable --now --quiet nftables`,
    rules: "nft list ruleset",
    again: "systemctl restart nftables",
    end: "systemctl disable --now --quiet nftables; nft flush ruleset",
  },
  {
    name: "iptables whose INPUT drops, kept by iptables-persistent, with docker's chains and a table of nftables beside it",
    install: `${install("iptables iptables-persistent")}
for ip in iptables ip6tables; do
  $ip -A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT; $ip -A INPUT -i lo -j ACCEPT
  $ip -A INPUT -p tcp --dport 22 -j ACCEPT; $ip -A INPUT -p ipv6-icmp -j ACCEPT 2>/dev/null; $ip -P INPUT DROP
  $ip -N DOCKER-USER; $ip -A FORWARD -j DOCKER-USER
done
nft add table inet other; nft add chain inet other input '{ type filter hook input priority 10; }'
systemctl enable --quiet netfilter-persistent; netfilter-persistent save 2>/dev/null`,
    rules: "iptables -S; ip6tables -S; grep -hv '^[#:]' /etc/iptables/rules.v[46]; nft list table inet other",
    again: "systemctl restart netfilter-persistent",
    end: "systemctl disable --now --quiet netfilter-persistent; for ip in iptables ip6tables; do $ip -P INPUT ACCEPT; $ip -F; $ip -X; done; nft flush ruleset; apt-get -qq purge -y iptables-persistent netfilter-persistent >/dev/null",
  },
  {
    name: "ufw with a rule against NFS",
    install: `${install("ufw")}; ufw allow 22/tcp; ufw deny 2049; ufw --force enable`,
    rules: "ufw show added; ufw status; iptables -S ufw-user-input; ip6tables -S ufw6-user-input",
    again: "ufw reload",
    end: "ufw --force disable",
  },
  {
    name: "firewalld with zones that are bound to the client's address and to a wider network",
    install: `${install("firewalld")}; systemctl enable --now --quiet firewalld
firewall-cmd --permanent --zone=block --add-source=10.97.1.20; firewall-cmd --permanent --zone=work --add-source=10.97.0.0/16
firewall-cmd --permanent --zone=work --add-service=ssh; ${reloadFirewalld}`,
    rules: "firewall-cmd --list-all-zones; firewall-cmd --permanent --list-all-zones",
    again: reloadFirewalld,
    end: "systemctl disable --now --quiet firewalld",
  },
];

describe("a firewall on the host", function () {
  const machines = onMachines(this, "server13", "client");
  const open = (from: Machine) => openPorts(from, [2049], machines().server13);
  const fromOutside = async () =>
    (await machines().client.run(`nc -z -w 5 -s ${outside} ${address} 2049`)).exitCode === 0;

  before("serves without any, and the client has an address that is not named", async () => {
    const { server13, client } = machines();
    await must(server13, "apt-get -qq update");
    assert.match(await converge(server13), /^firewall: none is active/m);
    await must(client, `ip address add ${outside}/16 dev ens4`);
    assert.deepEqual(await open(client), [2049]);
    await converge(server13, serverSpec(), "remove");
  });

  for (const firewall of firewalls) {
    it(`lets the clients in and nobody else: ${firewall.name}`, async () => {
      const { server13, client } = machines();
      await must(server13, firewall.install);
      const before = await must(server13, firewall.rules);
      await must(server13, "systemctl start nfs-server");
      assert.deepEqual(await open(client), [], "it is closed before");

      assert.match(await converge(server13), /^serving: \/srv\/registry to/m);
      assert.deepEqual(await open(client), [2049]);
      assert.equal(await fromOutside(), false);
      assert.doesNotMatch(await converge(server13), /changed/);
      await must(server13, firewall.again);
      assert.doesNotMatch(await converge(server13, serverSpec(), "check"), /differs/);
      assert.deepEqual(await open(client), [2049]);

      await converge(server13, serverSpec(), "remove");
      assert.equal(await must(server13, firewall.rules), before);
      assert.deepEqual(await open(client), []);
      await must(server13, firewall.end);
    });
  }

  it("that no rule of ours can open is never passed over: it does not serve, and says who is kept out", async () => {
    const { server13 } = machines();
    await must(
      server13,
      "nft add table netdev early; nft 'add chain netdev early in { type filter hook ingress device ens4 priority 0; }'; nft add rule netdev early in tcp dport 2049 drop",
    );
    const { exitCode, stdout, stderr } = await runServer(server13, "apply");
    assert.equal(exitCode, 1, stdout);
    assert.doesNotMatch(stdout, /^serving/m);
    assert.match(stderr, /this host's own firewall keeps clients out.*10\.97\.1\.1 to 2049\/tcp/);
    assert.equal((await runServer(server13, "check")).exitCode, 3);
    await must(server13, "nft delete table netdev early");
    const report = await converge(server13);
    assert.ok(report.includes(`serving: /srv/registry to ${clientNetworks.join(" ")}`), report);
  });

  it("is there after a reboot, and open to the clients, also where a table of nftables is not back at once", async () => {
    const { server13, client } = machines();
    await must(
      server13,
      `${install("nftables ufw")}; ufw allow 22/tcp; ufw --force enable
cat >/etc/nftables.conf <<'END'
table inet own {
  chain in {
    type filter hook input priority 1;
    tcp dport 2049 drop
  }
}
END
systemctl enable --now --quiet nftables
nft add table inet late; nft 'add chain inet late in { type filter hook input priority 2; }'; nft add rule inet late in tcp dport 2049 drop`,
    );
    await converge(server13);
    assert.deepEqual(await open(client), [2049]);
    await server13.reboot();
    assert.deepEqual(await open(client), [2049]);
    assert.equal(await fromOutside(), false);
    assert.match(await converge(server13), /^serving: /m);
    assert.doesNotMatch(await converge(server13, serverSpec(), "check"), /differs/);
    await converge(server13, serverSpec(), "remove");
    await must(
      server13,
      "systemctl disable --quiet nftables; nft delete table inet own; rm /etc/nftables.conf",
    );
  });
});
