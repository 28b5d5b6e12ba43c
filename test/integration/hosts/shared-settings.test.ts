import assert from "node:assert/strict";

import { describeOnFakeHosts, FakeHost } from "./fake-host";
import { registryServer } from "./registry-server";

const nfs3 = { protocols: { nfs3: true } };
const dropIn = "/etc/nfs.conf.d/image-registry.conf";

describeOnFakeHosts("what a host shares between exports", () => {
  let host: FakeHost;
  beforeEach(() => (host = new FakeHost()));
  afterEach(() => host.remove());
  const run = (script: string, mode = "apply") => {
    const result = host.run(script, mode);
    assert.equal(result.status, 0, result.stdout + result.stderr);
    return result;
  };

  it("follows the exports that are left: NFSv3 ends with the last that asked for it", () => {
    const other = registryServer(nfs3, { id: "other", path: "/srv/other" });
    run(registryServer());
    run(other);
    assert.match(host.read(dropIn), /vers3=y/);
    const { calls } = run(other, "remove");
    assert.match(host.read(dropIn), /vers3=n/);
    assert.ok(calls.includes("systemctl restart nfs-server"));
    run(registryServer(), "check");
  });

  it("follows the exports that are left: rpcbind is masked for as long as one asks for a dedicated host", () => {
    const other = (dedicated: boolean) =>
      registryServer({ protocols: { dedicated } }, { id: "other", path: "/srv/other" });
    const masked = () => host.read("units/rpcbind.socket.enabled") === "masked\n";
    run(registryServer());
    for (const leave of [() => run(other(false)), () => run(other(true), "remove")]) {
      run(other(true));
      run(registryServer());
      assert.ok(masked());
      leave();
      assert.ok(!masked());
      assert.doesNotMatch(run(registryServer()).stdout, /changed/);
    }
  });

  it("does not end NFSv3 under a client that has mounted over it, unless that is forced", () => {
    run(registryServer());
    const other = registryServer(nfs3, { id: "other", path: "/srv/other" });
    run(other);
    host.write(
      "/var/lib/nfs/rmtab",
      "10.0.0.7:/srv/registry:0x00000001\n10.0.0.8:/srv/registry:0x00000001\n10.0.0.9:/srv/more:0x00000001\n",
    );
    // One that asks for nothing for minutes is not connected.
    host.write("connected", "10.0.0.7 :2049 )\n10.0.0.9 :2049 )\n");
    for (const [script, mode] of [
      [other, "remove"],
      [registryServer({}, { id: "other", path: "/srv/other" }), "apply"],
    ] as const) {
      const { status, stdout, stderr } = host.run(script, mode);
      assert.equal(status, 1);
      assert.match(
        stderr,
        /NFSv3 would end, over which clients have mounted: \/srv\/registry by 10\.0\.0\.7 10\.0\.0\.8\. /,
      );
      assert.doesNotMatch(stdout, /changed/);
    }
    run(registryServer({ force: true }, { id: "other", path: "/srv/other" }));
    assert.match(host.read(dropIn), /vers3=n/);
  });

  it("keeps NFSv3 for others' exports, which had it while ours asked for it", () => {
    host.write("/etc/exports", "/home 10.3.0.0/16(rw,root_squash)\n");
    run(registryServer());
    const other = registryServer(nfs3, { id: "other", path: "/srv/other" });
    run(other);
    run(other, "remove");
    assert.match(host.read("/proc/fs/nfsd/versions"), /\+3/);
  });

  it("gives lockd's ports back to what they were", () => {
    host.write("sysctl.fs.nfs.nlm_tcpport", "4001\n");
    run(registryServer(nfs3));
    assert.equal(host.read("sysctl.fs.nfs.nlm_tcpport"), "53248\n");
    const { calls } = run(registryServer(nfs3), "remove");
    assert.equal(host.read("sysctl.fs.nfs.nlm_tcpport"), "4001\n");
    assert.ok(calls.includes("systemctl restart nfs-server"), "mountd and statd move as well");
    assert.deepEqual(host.list("/var/lib/image-registry"), []);
  });

  it("is not said to serve what it does not: NFSv4.2 on the address that clients use, by the file that keeps it from that", () => {
    run(registryServer());
    host.write("/etc/nfs.conf.d/zz-local.conf", "# local\n[nfsd]\nvers4.2=n\nhost = 127.0.0.1\n");
    host.write("/etc/nfs.conf", "[NFSD]\ninclude = -nfs.local\n");
    host.write("/etc/nfs.local", "[nfsd]\nTCP=n\nthreads=0\n");
    host.write("/proc/fs/nfsd/versions", "-3 +4 +4.1 -4.2\n");
    host.write("versions", "-3 +4 +4.1 -4.2\n");
    host.write("listens-on", "127.0.0.1\n");
    const { status, stderr, stdout } = host.run(registryServer(), "apply");
    assert.equal(status, 1);
    assert.doesNotMatch(stdout, /serving/);
    assert.match(
      stderr,
      /NFSv4\.2 is not served; nothing listens on 10\.0\.0\.9, where clients come in, port 2049\./,
    );
    assert.match(
      stderr,
      /\/etc\/nfs\.conf\.d\/zz-local\.conf:3 \[nfsd\] vers4\.2=n, \/etc\/nfs\.conf\.d\/zz-local\.conf:4 \[nfsd\] host=127\.0\.0\.1, \/etc\/nfs\.local:2 \[nfsd\] TCP=n, \/etc\/nfs\.local:3 \[nfsd\] threads=0\. /,
    );
  });

  it("is not said to serve without rpc.mountd, which answers every mount, NFSv4 as well, and gets it back without a restart", () => {
    run(registryServer());
    host.delete("units/nfs-mountd.active");
    const { status, stdout } = host.run(registryServer(), "check");
    assert.equal(status, 3);
    assert.match(stdout, /^differs: start nfs-mountd, without which no client can mount$/m);
    host.write("fails-to-start", "nfs-mountd\n");
    assert.match(host.run(registryServer(), "apply").stderr, /stopped at: start nfs-mountd/);
    host.delete("fails-to-start");
    assert.ok(!run(registryServer()).calls.includes("systemctl restart nfs-server"));
    run(registryServer(), "check");
    // Whoever starts it otherwise.
    host.delete("units/nfs-mountd.active");
    host.write("processes", "rpc.mountd\n");
    run(registryServer(), "check");
  });

  it("is not said to serve with Kerberos without a key of its own", () => {
    const kerberos = registryServer({}, { security: "krb5p:krb5i" });
    for (const keytab of [undefined, "", "\x05\x02"]) {
      if (keytab !== undefined) host.write("/etc/krb5.keytab", keytab);
      const { status, stdout, stderr } = host.run(kerberos, "apply");
      assert.equal(status, 1);
      assert.match(
        stderr,
        /with sec=krb5p:krb5i, for this host has no key: \/etc\/krb5\.keytab is missing or/,
      );
      assert.doesNotMatch(stdout, /changed|serving/);
    }
    host.write("/etc/krb5.conf", "[libdefaults]\n default_keytab_name = FILE:/etc/krb5/nfs.kt\n");
    host.write("/etc/krb5/nfs.kt", "\x05\x02a key");
    run(kerberos);
    host.delete("/etc/krb5.conf");
    assert.match(host.run(kerberos, "check").stdout, /^differs: no client can mount with sec=krb5p:krb5i/m);
    host.write("/etc/krb5.keytab", "\x05\x02a key");
    run(kerberos, "check");
  });

  describe("with what an export has left that is no more", () => {
    const other = (change = {}) =>
      registryServer({ ...nfs3, ...change }, { id: "other", path: "/srv/other" });
    const served = () => host.list("/etc/exports.d").find((file) => file.startsWith("other-")) ?? "";

    it("follows who is left, where somebody has taken its file away and run exportfs -ra", () => {
      run(registryServer());
      run(other());
      host.delete(`/etc/exports.d/${served()}`);
      host.run("exportfs -ra\n", "");
      const { stdout } = run(registryServer());
      assert.match(stdout, /^serving: .*\(NFSv4, sec=sys\)$/m);
      assert.match(host.read("/proc/fs/nfsd/versions"), /^-3/);
      assert.doesNotMatch(run(registryServer(), "check").stdout, /differs/);
    });

    it("keeps what its clients need for as long as it is served without its file", () => {
      run(registryServer());
      run(other());
      host.delete(`/etc/exports.d/${served()}`);
      host.write("/var/lib/nfs/rmtab", "10.0.0.7:/srv/other:0x00000001\n");
      const dedicated = registryServer({ protocols: { dedicated: true } });
      assert.match(run(dedicated).stdout, /^serving: .*NFSv3/m);
    });

    it("takes an export back with its records and settings, where exportfs does not serve it", () => {
      run(registryServer());
      const before = [host.list("/var/lib/image-registry"), host.read(dropIn)];
      host.write("exportfs-says", "exportfs: /srv/other requires fsid= for NFS export\n");
      const { status, stderr } = host.run(other(), "apply");
      assert.equal(status, 1);
      assert.match(stderr, /^error: the export was taken back\. .*nfs\.host\.fsid$/m);
      assert.deepEqual([host.list("/var/lib/image-registry"), host.read(dropIn)], before);
      host.write("exportfs-says", "");
      assert.doesNotMatch(run(registryServer(), "check").stdout, /differs/);
    });

    it("tells both where taking it back fails in its turn", () => {
      run(registryServer());
      host.write("exportfs-says", "exportfs: /srv/other requires fsid= for NFS export\n");
      run(other({ protocols: {} }), "remove");
      const failing = other().replace(
        "take_back_records() {",
        "take_back_records() {\n  echo nfs-server >$FAKE/fails-to-start",
      );
      const { status, stderr } = host.run(failing, "apply");
      assert.equal(status, 1);
      assert.match(stderr, /^error: stopped at: restart nfs-server/m);
      assert.match(stderr, /^error: the export was taken back\. /m);
    });
  });

  it("is not said to serve where the administrator's nfs.conf puts all exports below another directory", () => {
    host.write("/etc/nfs.conf", "[exports]\n# rootdir=/no\nrootdir=/\n");
    run(registryServer());
    host.write("/etc/nfs.conf", "include = nfs.local\n[exports]\nrootdir=/\n");
    host.write("/etc/nfs.local", "[Exports]\n RootDir = /srv/nfs \n");
    const { status, stderr, stdout } = host.run(registryServer(), "apply");
    assert.equal(status, 1);
    assert.match(
      stderr,
      /\/etc\/nfs\.local:2 \[exports\] rootdir=\/srv\/nfs puts the paths of all exports below itself/,
    );
    assert.doesNotMatch(stdout, /changed|serving/);
  });

  it("says where hosts.deny may keep clients from NFSv3", () => {
    host.write("/etc/hosts.deny", "# ALL: ALL\nmountd, statd: ALL\n");
    assert.doesNotMatch(run(registryServer()).stdout, /hosts\.deny/);
    assert.match(
      run(registryServer(nfs3)).stdout,
      /^warning: \/etc\/hosts\.deny:2:mountd, statd: ALL may keep/m,
    );
    host.write("/etc/hosts.allow", "ALL: 10.0.0.0/8\n");
    assert.doesNotMatch(run(registryServer(nfs3)).stdout, /hosts\.deny/);
  });

  it("finds a port that another program has before any is moved", () => {
    for (const [holder, port, script] of [
      ["collectd", 20048, registryServer(nfs3)],
      ["ganesha.nfsd", 2049, registryServer()],
    ] as const) {
      host.write("port-holder", `${port} ("${holder}",pid=77,fd=3)\n`);
      const { status, stderr, stdout } = host.run(script, "apply");
      assert.equal(status, 1);
      assert.ok(stderr.includes(`port ${port} is taken by ${holder}; NFS needs it`), stderr);
      assert.doesNotMatch(stdout, /changed/);
    }
  });

  it("serves no empty directory in the place of a disk that is missing", () => {
    host.write("findmnt", 'TARGET="/" FSTYPE="xfs" UUID="1111-aa" SOURCE="/dev/sdb1"\n');
    run(registryServer());
    host.write("findmnt", 'TARGET="/" FSTYPE="ext4" UUID="2222-bb" SOURCE="/dev/sda1"\n');
    host.delete("/srv/registry");
    const { status, stderr } = host.run(registryServer(), "apply");
    assert.equal(status, 1);
    assert.match(
      stderr,
      /the file system that \/srv\/registry is on, 1111-aa, is not mounted there; 2222-bb \(\/dev\/sda1 on \/\) is/,
    );
    assert.equal(host.exists("/srv/registry"), false);
    const checked = host.run(registryServer(), "check");
    assert.equal(checked.status, 3);
    assert.match(checked.stdout, /differs: the file system that \/srv\/registry is on/);
  });

  it("refuses a directory whose images would vanish at boot", () => {
    host.write("findmnt", 'TARGET="/srv" FSTYPE="tmpfs" UUID="" SOURCE="tmpfs"\n');
    const { status, stderr, stdout } = host.run(registryServer(), "apply");
    assert.equal(status, 1);
    assert.match(stderr, /\/srv\/registry is on a tmpfs, and images would vanish at boot/);
    assert.doesNotMatch(stdout, /changed/);
  });

  it("passes exportfs' own words on where a file system cannot be exported", () => {
    host.write("exportfs-says", "exportfs: /srv/registry requires fsid= for NFS export\n");
    const { status, stderr } = host.run(registryServer(), "apply");
    assert.equal(status, 1);
    assert.match(
      stderr,
      /the export was taken back\. exportfs said: exportfs: \/srv\/registry requires fsid= for NFS export/,
    );
    assert.deepEqual(host.list("/etc/exports.d"), []);
  });

  it("says that exportfs hangs, where it does, and on what it may", () => {
    const hanging = `timeout() { if [[ $* == *"exportfs -ra" ]]; then return 124; fi; command timeout "$@"; }\n`;
    const { status, stderr } = host.run(hanging + registryServer(), "apply");
    assert.equal(status, 1);
    assert.match(
      stderr,
      /taken back, .* exportfs said: exportfs -ra has not ended after 120 s; is there an exported host/,
    );
  });

  it("names the step that failed, and what it was to do", () => {
    host.write("fails-to-start", "nfs-server\n");
    const { status, stderr } = host.run(registryServer(), "apply");
    assert.equal(status, 1);
    assert.match(
      stderr,
      /error: stopped at: start nfs-server \("systemctl start nfs-server" ended with status 1\)/,
    );
    host.delete("fails-to-start");
    run(registryServer());
    const [file = ""] = host.list("/etc/exports.d");
    const immutable = `rm() { if [[ $* == *.exports ]]; then return 1; fi; command rm "$@"; }\n`;
    assert.match(
      host.run(immutable + registryServer(), "remove").stderr,
      new RegExp(`error: stopped at: remove /etc/exports\\.d/${file} `),
    );
  });
});
