import assert from "node:assert/strict";

import { clientScript, serverScript, type ServerSpec } from "../../../hosts";
import { describeOnFakeHosts, FakeHost, rhel, type Run } from "./fake-host";

const spec = (change: Partial<ServerSpec> = {}): ServerSpec => ({
  owner: { stack: "organization/image-registry/prod", cluster: "prod" },
  export: {
    id: "registry",
    path: "/srv/registry",
    clients: ["10.0.0.0/24", "fd00::/64"],
    uid: 5000,
    gid: 5000,
  },
  ...change,
});
const server = (change: Partial<ServerSpec> = {}) => serverScript(spec(change));

/** Calls that change a host, as against those that look at it. */
const changing = ({ calls }: Run) =>
  calls.filter(
    (call) =>
      /^(dnf|yum|zypper|setsebool|exportfs -ra|nfsconf --(un)?set|sysctl -q|ip6?tables -w -[ID])/.test(
        call,
      ) ||
      /^systemctl.* (start|restart|enable|mask|unmask|daemon-reload)/.test(call) ||
      /^firewall-cmd.*--(add|remove)/.test(call),
  );

describeOnFakeHosts("hosts that cannot be booted here, by recorded commands", () => {
  let host: FakeHost;
  const made: FakeHost[] = [];
  const start = (os: Record<string, string>, packages?: string[]) =>
    made.push((host = new FakeHost(os, packages)));
  const run = (script: string, mode: string): Run => {
    const result = host.run(script, mode);
    assert.equal(result.status, 0, result.stdout + result.stderr);
    return result;
  };
  after(() => made.forEach((one) => one.remove()));

  for (const [os, packageManager] of [
    [rhel("10.0"), "dnf"],
    [rhel("9.4"), "dnf"],
    [{ ID: "rocky", ID_LIKE: "rhel centos fedora", VERSION_ID: "8.10" }, "dnf"],
    [{ ID: "fedora", VERSION_ID: "42" }, "dnf"],
    [rhel("7.9"), "dnf"],
    [{ ID: "sles", ID_LIKE: "suse", VERSION_ID: "15.5" }, "zypper"],
    [{ ID: "opensuse-leap", ID_LIKE: "suse opensuse", VERSION_ID: "16.0" }, "zypper"],
  ] as const) {
    it(`serves on ${os.ID} ${os.VERSION_ID}, changes nothing twice, and is clean after the removal`, () => {
      start(os);
      host.write("/etc/nfs.conf", "");
      const first = run(server(), "apply");
      assert.ok(
        first.calls.some(
          (call) => call.startsWith(packageManager) && / nfs-(utils|kernel-server)$/.test(call),
        ),
      );
      assert.ok(first.calls.includes("systemctl start nfs-server"));
      assert.match(host.read("/proc/fs/nfsd/versions"), /^-3 \+4/);

      assert.deepEqual(changing(run(server(), "apply")), []);

      run(server(), "remove");
      assert.deepEqual(host.list("/etc/exports.d"), []);
      assert.deepEqual(host.list("/etc/nfs.conf.d"), []);
      assert.deepEqual(host.list("/var/lib/image-registry"), []);
      assert.equal(host.read("/etc/nfs.conf"), "");
      assert.equal(host.read("/var/lib/nfs/etab"), "");
      assert.match(host.read("/proc/fs/nfsd/versions"), /^\+3 \+4/, "the server has its own settings again");
    });
  }

  it("keeps NFSv3's ports where each version of nfs-utils reads them", () => {
    const nfs3 = server({ protocols: { nfs3: true } });
    start(rhel("9.4"));
    run(nfs3, "apply");
    assert.match(
      host.read("/etc/nfs.conf.d/image-registry.conf"),
      /\[mountd\]\nport=20048\n\[statd\]\nport=50825/,
    );
    start(rhel("8.10"));
    host.write("/etc/nfs.conf", "mountd port 892\n");
    run(nfs3, "apply");
    assert.match(
      host.read("/etc/nfs.conf"),
      /^nfsd vers2 n\nnfsd vers4 y\nnfsd vers4\.2 y\nnfsd vers3 y\nmountd port 20048\nstatd port 50825\n/,
    );
    run(nfs3, "remove");
    assert.equal(host.read("/etc/nfs.conf"), "mountd port 892\n", "what was there before is back");
    start(rhel("7.9"));
    host.write("/etc/sysconfig/nfs", '# kept\nSTATDARG=""\n');
    run(nfs3, "apply");
    assert.match(host.read("/etc/sysconfig/nfs"), /^# kept\n.*\nSTATDARG="-p 50825"\nLOCKD_TCPPORT=53248\n/s);
    for (const key of ["fs.nfs.nlm_tcpport", "fs.nfs.nlm_udpport"])
      assert.equal(host.read(`sysctl.${key}`), "53248\n");
    assert.match(host.read("/etc/sysctl.d/90-image-registry-lockd.conf"), /fs\.nfs\.nlm_tcpport = 53248/);
    assert.match(host.read("/etc/modprobe.d/image-registry-lockd.conf"), /nlm_udpport=53248/);
    run(nfs3, "remove");
    assert.equal(host.read("/etc/sysconfig/nfs"), '# kept\nSTATDARG=""\n');
  });

  it("serves the union of what the exports of one host ask for", () => {
    const other = server({
      export: { ...spec().export, id: "other", path: "/srv/other" },
      protocols: { nfs3: true },
    });
    start(rhel("9.4"));
    run(server(), "apply");
    run(other, "apply");
    assert.match(host.read("/etc/nfs.conf.d/image-registry.conf"), /vers3=y/);
    assert.deepEqual(changing(run(server(), "apply")), [], "the first export does not turn NFSv3 off again");
    run(other, "remove");
    assert.match(host.read("/var/lib/nfs/etab"), /^\/srv\/registry\t/);
    run(server(), "apply");
    assert.match(host.read("/etc/nfs.conf.d/image-registry.conf"), /vers3=n/);
  });

  it("masks rpcbind on a dedicated host alone, and unmasks it in the end", () => {
    start(rhel("9.4"));
    assert.ok(!run(server(), "apply").calls.some((call) => / mask /.test(call)));
    const dedicated = server({ protocols: { dedicated: true } });
    run(dedicated, "apply");
    assert.equal(host.read("units/rpcbind.socket.enabled"), "masked\n");
    assert.deepEqual(changing(run(dedicated, "apply")), []);
    run(dedicated, "remove");
    assert.equal(host.read("units/rpcbind.socket.enabled"), "");
  });

  describe("with firewalld", () => {
    const rule = (client: string, family = "ipv4", port = 2049, protocol = "tcp") =>
      `rule family="${family}" source address="${client}" port port="${port}" protocol="${protocol}" accept`;

    beforeEach(() => {
      start(rhel("9.4"));
      host.write("units/firewalld.active", "");
    });

    it("opens the zone of the clients' interface, now and for the next boot, without a reload", () => {
      const { calls } = run(server(), "apply");
      for (const place of ["running", "permanent"]) {
        assert.equal(
          host.read(`firewalld.internal.${place}`),
          `${rule("10.0.0.0/24")}\n${rule("fd00::/64", "ipv6")}\n`,
        );
      }
      assert.ok(!calls.some((call) => /--(complete-)?reload/.test(call)));
      assert.deepEqual(changing(run(server(), "apply")), []);
    });

    it("tells all rules of a zone in one command, and asks as seldom", () => {
      const { calls } = run(server({ protocols: { nfs3: true } }), "apply");
      const asked = calls.filter((call) => call.startsWith("firewall-cmd"));
      assert.equal(asked.length, 5, asked.join("\n"));
      assert.equal(host.read("firewalld.internal.running").trim().split("\n").length, 20);
    });

    it("opens the zones that judge the client by its source, wider or narrower than its network", () => {
      host.write("firewalld.block.sources", "10.0.0.7 fd00::/32");
      run(server(), "apply");
      assert.equal(
        host.read("firewalld.block.running"),
        `${rule("10.0.0.0/24")}\n${rule("fd00::/64", "ipv6")}\n`,
      );
      assert.equal(host.read("firewalld.internal.running"), `${rule("10.0.0.0/24")}\n`);
      host.write("firewalld.block.sources", "10.1.0.7");
      run(server(), "apply");
      assert.equal(host.read("firewalld.block.permanent"), "", "that source is nobody's here");
    });

    for (const source of ["52:54:00:97:00:20", "ipset:nodes"]) {
      it(`opens the zones that may judge a client by what is no network: ${source}`, () => {
        host.write("firewalld.block.sources", source);
        run(server(), "apply");
        for (const zone of ["block", "internal"]) {
          assert.equal(
            host.read(`firewalld.${zone}.running`),
            `${rule("10.0.0.0/24")}\n${rule("fd00::/64", "ipv6")}\n`,
          );
        }
      });
    }

    it("opens the zone, too, in which the interface is after the next boot", () => {
      host.write("firewalld.interface", "public");
      run(server(), "apply");
      for (const zone of ["internal", "public"])
        assert.match(host.read(`firewalld.${zone}.permanent`), /^rule /, zone);
    });

    it("opens the zone of each interface that leads to a part of the clients", () => {
      host.write("routes", "10.0.0.128/25 via 10.9.0.1 dev eth1 src 10.9.0.9\nblackhole 10.0.0.64/26\n");
      run(server(), "apply");
      assert.match(host.read("firewalld.internal.running"), /10\.0\.0\.0\/24/);
      assert.match(host.read("firewalld.public.running"), /10\.0\.0\.0\/24/, "eth1 is in the default zone");
    });

    it("is closed by the removal for its next start, too, where it is stopped", () => {
      run(server(), "apply");
      host.delete("units/firewalld.active");
      host.write("firewalld.fails", "");
      const failed = host.run(server(), "remove");
      assert.equal(failed.status, 1);
      assert.match(
        failed.stderr,
        /firewall-offline-cmd --zone=internal .* failed, and left rule .*10\.0\.0\.0\/24/,
      );
      host.delete("firewalld.fails");
      run(server(), "remove");
      assert.equal(host.read("firewalld.internal.permanent"), "");
      assert.deepEqual(host.list("/var/lib/image-registry"), []);
    });

    it("closes it to a client that is no longer named", () => {
      run(server(), "apply");
      run(server({ export: { ...spec().export, clients: ["10.0.0.0/24"] } }), "apply");
      assert.equal(host.read("firewalld.internal.permanent"), `${rule("10.0.0.0/24")}\n`);
    });

    it("keeps a rule that another export needs, and one that was there before", () => {
      const mine = rule("10.0.0.0/24");
      for (const place of ["running", "permanent"]) host.write(`firewalld.internal.${place}`, `${mine}\n`);
      const other = server({ export: { ...spec().export, id: "other", path: "/srv/other" } });
      run(server(), "apply");
      run(other, "apply");
      run(server(), "remove");
      const sixth = rule("fd00::/64", "ipv6");
      assert.equal(host.read("firewalld.internal.running"), `${mine}\n${sixth}\n`);
      run(other, "remove");
      assert.equal(host.read("firewalld.internal.running"), `${mine}\n`);
    });

    it("finds a rule that somebody removed", () => {
      run(server(), "apply");
      host.write("firewalld.internal.permanent", "");
      const checked = host.run(server(), "check");
      const { status, stdout } = checked;
      assert.equal(status, 3);
      assert.deepEqual(changing(checked), []);
      assert.match(stdout, /differs: firewalld, internal --permanent: rule family="ipv4"/);
    });
  });

  describe("with ufw", () => {
    const first = "from 10.0.0.0/24 to any port 2049 proto tcp";
    const rules = () => host.read("ufw.added").split("\n").filter(Boolean);

    beforeEach(() => {
      start(rhel("9.4"));
      host.write("/etc/ufw/ufw.conf", "ENABLED=yes\n");
      host.write("iptables.rules", "-P INPUT DROP\n-N ufw-user-input\n");
    });

    it("adds its rules before the others, once", () => {
      host.write("ufw.added", "ufw deny 2049\n");
      run(server(), "apply");
      assert.equal(rules().length, 3);
      assert.equal(rules()[2], "ufw deny 2049");
      assert.doesNotMatch(run(server(), "apply").stdout, /changed/);
    });

    it("takes a rule that limits the same clients for one that lets them in, for ufw takes no other beside it", () => {
      host.write("ufw.added", `ufw limit log ${first} comment 'ours'\n`);
      host.write(
        "iptables.rules",
        `${host.read("iptables.rules")}-A ufw-user-input -s 10.0.0.0/24 -p tcp -m tcp --dport 2049 -m conntrack --ctstate NEW -j ufw-user-limit-accept\n`,
      );
      const { stdout } = run(server(), "apply");
      assert.doesNotMatch(stdout, /^changed: ufw .*10\.0\.0\.0/m);
      assert.doesNotMatch(run(server(), "apply").stdout, /changed/);
      assert.doesNotMatch(run(server(), "check").stdout, /differs/);
    });

    it("names the rule that denies the same clients, in whose place ufw takes none", () => {
      host.write("ufw.added", `ufw deny ${first}\n`);
      assert.match(
        run(server(), "apply").stdout,
        /^notice: ufw takes no "allow" .*: ufw delete deny from 10\.0\.0\.0\/24 to any/m,
      );
      assert.doesNotMatch(run(server(), "apply").stdout, /changed/);
    });
  });

  describe("with iptables-services", () => {
    const saved = (chains: string) =>
      `*filter\n${chains}-A INPUT -p tcp --dport 22 -j ACCEPT\n-A INPUT -j REJECT\nCOMMIT\n`;

    beforeEach(() => {
      start(rhel("7.9"));
      host.write("/etc/nfs.conf", "");
      for (const command of ["iptables", "ip6tables"]) {
        host.write(`units/${command}.active`, "");
        host.write(
          `${command}.rules`,
          "-P INPUT ACCEPT\n-A INPUT -p tcp --dport 22 -j ACCEPT\n-A INPUT -j REJECT\n",
        );
        host.write(`/etc/sysconfig/${command}`, saved(":INPUT ACCEPT [0:0]\n"));
      }
    });

    it("puts the rules on top of INPUT, live and saved, each family in its own", () => {
      run(server(), "apply");
      const [first] = host.read("iptables.rules").split("\n").slice(1);
      assert.match(first ?? "", /^-A INPUT -s 10\.0\.0\.0\/24 -p tcp -m tcp --dport 2049 .* -j ACCEPT$/);
      assert.match(
        host.read("/etc/sysconfig/iptables"),
        /^\*filter\n:INPUT.*\n-A INPUT -s 10\.0\.0\.0\/24 .*\n-A INPUT -p tcp --dport 22/,
      );
      assert.match(host.read("/etc/sysconfig/ip6tables"), /\n-A INPUT -s fd00::\/64 .* -j ACCEPT\n/);
      assert.deepEqual(changing(run(server(), "apply")), []);
    });

    it("uses OS_FIREWALL_ALLOW where OpenShift made it", () => {
      host.write(
        "iptables.rules",
        "-P INPUT ACCEPT\n-N OS_FIREWALL_ALLOW\n-A INPUT -j OS_FIREWALL_ALLOW\n-A INPUT -j REJECT\n",
      );
      host.write("/etc/sysconfig/iptables", saved(":INPUT ACCEPT [0:0]\n:OS_FIREWALL_ALLOW - [0:0]\n"));
      run(server(), "apply");
      assert.match(host.read("iptables.rules"), /\n-A OS_FIREWALL_ALLOW -s 10\.0\.0\.0\/24 /);
      assert.match(
        host.read("/etc/sysconfig/iptables"),
        /:OS_FIREWALL_ALLOW.*\n-A OS_FIREWALL_ALLOW -s 10\.0\.0\.0\/24 /,
      );
    });

    it("saves the rules where the service is stopped, or lets everything in, and its file would keep clients out", () => {
      for (const command of ["iptables", "ip6tables"]) {
        host.delete(`units/${command}.active`);
        host.write(`units/${command}.enabled`, "enabled\n");
        host.write(`${command}.rules`, "-P INPUT ACCEPT\n");
      }
      host.write(
        "/etc/sysconfig/iptables",
        "*filter\n:INPUT DROP [0:0]\n[7:420] -A INPUT -i lo -j ACCEPT\nCOMMIT\n",
      );
      host.write(
        "/etc/sysconfig/ip6tables",
        "*raw\n:PREROUTING DROP [0:0]\nCOMMIT\n*filter\n:INPUT ACCEPT [0:0]\nCOMMIT\n",
      );
      assert.doesNotMatch(run(server(), "apply").stdout, /firewall: none/);
      assert.match(
        host.read("/etc/sysconfig/iptables"),
        /^\*filter\n:INPUT DROP \[0:0\]\n-A INPUT -s 10\.0\.0\.0\/24 .* -j ACCEPT\n\[7:420\] -A/,
      );
      assert.doesNotMatch(host.read("/etc/sysconfig/ip6tables"), /fd00/, "it lets them in");
      assert.deepEqual(changing(run(server(), "apply")), []);
    });

    it("leaves no rule in a file that is not loaded at the moment of the removal", () => {
      const before = host.read("/etc/sysconfig/iptables");
      run(server(), "apply");
      assert.notEqual(host.read("/etc/sysconfig/iptables"), before);
      for (const command of ["iptables", "ip6tables"]) host.delete(`units/${command}.active`);
      run(server(), "remove");
      assert.equal(host.read("/etc/sysconfig/iptables"), before);
    });

    it("leaves the files as they were once the export is removed", () => {
      const before = host.read("/etc/sysconfig/iptables") + host.read("iptables.rules");
      run(server({ protocols: { nfs3: true } }), "apply");
      run(server(), "apply");
      run(server(), "remove");
      assert.equal(host.read("/etc/sysconfig/iptables") + host.read("iptables.rules"), before);
    });
  });

  it("says that no firewall is active, and enables none", () => {
    start(rhel("9.4"));
    const { stdout, calls } = run(server(), "apply");
    assert.match(stdout, /firewall: none is active .*2049\/tcp must be open to 10\.0\.0\.0\/24 fd00::\/64/);
    assert.ok(!calls.some((call) => / (start|enable) .*(firewalld|iptables|nftables)/.test(call)));
  });

  for (const service of ["firewalld", "nftables"]) {
    it(`does not serve behind ${service} that is stopped, and would start at the next boot`, () => {
      start(rhel("9.4"));
      host.write(`units/${service}.enabled`, "enabled\n");
      const { status, stdout, stderr } = host.run(server(), "apply");
      assert.equal(status, 1, stdout);
      assert.ok(stderr.startsWith(`error: ${service} is stopped, and enabled: `), stderr);
      assert.match(stderr, /start it, or disable it/);
      assert.doesNotMatch(stdout, /^serving/m);
      assert.match(host.run(server(), "check").stdout, /^differs: .* is stopped, and enabled/m);
      host.delete(`units/${service}.enabled`);
      assert.match(run(server(), "apply").stdout, /^serving/m);
    });
  }

  it("touches SELinux only where it is enforcing and in the way", () => {
    for (const [mode, boolean, expected] of [
      ["Enforcing", "off", ["setsebool -P nfs_export_all_rw=on"]],
      ["Enforcing", "on", []],
      ["Permissive", "off", []],
    ] as const) {
      start(rhel("9.4"));
      host.write("selinux", `${mode}\n`);
      host.write("sebool.nfs_export_all_rw", boolean);
      assert.deepEqual(
        run(server(), "apply").calls.filter((call) => call.startsWith("setsebool")),
        expected,
      );
    }
  });

  it("says that SELinux may be why a version or a port is not served, where it is enforcing", () => {
    for (const mode of ["Enforcing", "Permissive"]) {
      start(rhel("9.4"));
      host.write("selinux", `${mode}\n`);
      host.write("versions", "-3 +4 +4.1 -4.2");
      const { status, stderr } = host.run(server(), "apply");
      assert.equal(status, 1);
      assert.match(
        stderr,
        /^error: nfs-server runs, but NFSv4\.2 is not served\. See systemctl status nfs-server/m,
      );
      assert.equal(/SELinux is enforcing here/.test(stderr), mode === "Enforcing", stderr);
    }
  });

  it("refuses systems it does not know, and nodes that belong to the cluster", () => {
    start({ ID: "alpine", VERSION_ID: "3.20", PRETTY_NAME: "Alpine 3.20" });
    assert.match(host.run(server(), "apply").stderr, /error: Alpine 3\.20 is not known here/);
    start({ ID: "rhcos", ID_LIKE: "rhel fedora", VERSION_ID: "4.18", PRETTY_NAME: "RHCOS 4.18" });
    const client = clientScript({ server: "10.0.0.1", path: "/srv/registry" });
    assert.match(host.run(client, "apply").stderr, /error: RHCOS 4\.18 is managed by its cluster/);
  });

  describe("a client", () => {
    const client = clientScript({ server: "10.0.0.1", path: "/srv/registry" });

    it("gets nfs-utils and virt_use_nfs, and mounts the export to prove it", () => {
      start(rhel("9.4"));
      host.write("selinux", "Enforcing\n");
      const { calls } = run(client, "apply");
      assert.ok(calls.includes("dnf -y install nfs-utils"));
      assert.ok(calls.includes("setsebool -P virt_use_nfs=on"));
      assert.ok(
        calls.some((call) =>
          /^mount -t nfs -o ro,soft,.*nfsvers=4\.2,sec=sys 10\.0\.0\.1:\/srv\/registry /.test(call),
        ),
      );
      assert.deepEqual(changing(run(client, "apply")), [], "the boolean is not written again");
    });

    it("gets the boolean that Debian's policy asks of containers, where there is one", () => {
      start(rhel("9.4"), ["nfs-utils"]);
      host.write("selinux", "Enforcing\n");
      host.write("sebool.container_use_nfs", "off");
      assert.match(host.run(client, "check").stdout, /^differs: SELinux boolean container_use_nfs on$/m);
      const { calls } = run(client, "apply");
      assert.ok(calls.includes("setsebool -P virt_use_nfs=on container_use_nfs=on"), calls.join("\n"));
      assert.deepEqual(changing(run(client, "apply")), []);
    });

    it("is told apart by check when the boolean is off or the server refuses", () => {
      start(rhel("9.4"), ["nfs-utils"]);
      host.write("refuses-mounts", "");
      const { status, stdout } = host.run(client, "check");
      assert.equal(status, 3);
      assert.match(
        stdout,
        /differs: 10\.0\.0\.1 does not serve \/srv\/registry to this node .* access denied/,
      );
    });
  });
});
