import assert from "node:assert/strict";

import type { ServerSpec } from "../../../hosts";
import { describeOnFakeHosts, FakeHost } from "./fake-host";
import { registryServer } from "./registry-server";

const clients = ["10.0.0.0/24", "10.1.0.0/24"];
const server = (change: Partial<ServerSpec> = {}, more: Partial<ServerSpec["export"]> = {}) =>
  registryServer(change, { clients, ...more });

describeOnFakeHosts("a host's exports, of which ours is one", () => {
  let host: FakeHost;
  beforeEach(() => (host = new FakeHost()));
  afterEach(() => host.remove());
  const applies = (script = server()) => {
    const { status, stdout, stderr } = host.run(script, "apply");
    assert.equal(status, 0, stdout + stderr);
    return stdout;
  };
  const checks = () => host.run(server(), "check");
  const table = () => host.read("/var/lib/nfs/etab");
  /** The administrator's only line. */
  const administer = (line: string) => {
    host.write("/etc/exports", `${line}\n`);
    host.run("exportfs -ra\n", "");
  };

  it("are told to the kernel again whatever has changed, also to a value that is exportfs's own default", () => {
    applies();
    applies(server({}, { uid: 65534, gid: 65534 }));
    assert.match(table(), /anonuid=65534,anongid=65534/);
    assert.doesNotMatch(table(), /5000/);
  });

  it("are compared by every option of every client, those included that no file names", () => {
    applies();
    const options = {
      secure: "insecure",
      "anonuid=5000": "anonuid=65534",
      root_squash: "no_root_squash",
      nocrossmnt: "crossmnt",
      "sec=sys": "sec=sys:none",
    };
    const before = table();
    const changed = Object.entries(options).reduce(
      (text, [option, instead]) => text.replace(new RegExp(`([(,])${option}(?=[,)])`), `$1${instead}`),
      before,
    );
    host.write("/var/lib/nfs/etab", changed);
    const { status, stdout } = checks();
    assert.equal(status, 3);
    const [first = ""] = /^differs: exported table: 10\.0\.0\.0\/24 is served .*$/m.exec(stdout) ?? [];
    for (const instead of Object.values(options)) assert.ok(`${first};`.includes(`with ${instead}`), stdout);
    assert.match(applies(), /changed: exported table/);
    assert.equal(table(), before);
  });

  const toAll = /to \* to every host/;
  const open: [string, string, RegExp][] = [
    [
      "the directory to every host",
      "/srv/registry *(rw,no_root_squash)",
      /\* to every host, with no_root_squash/,
    ],
    ["a directory above it", "/srv *(rw,no_root_squash)", toAll],
    ["the whole host, read-only", "/ *(ro,fsid=0,crossmnt)", toAll],
    ["a directory in it", "/srv/registry/docker 10.0.0.9(rw,no_root_squash)", /with no_root_squash/],
    [
      "one host, which wins over its network",
      "/srv/registry 10.0.0.9(rw,no_root_squash)",
      /with no_root_squash/,
    ],
    ["others as root", "/srv/registry 10.0.0.8(rw,all_squash,anonuid=0)", /with anonuid=0/],
    ["a netmask", "/srv/registry 128.0.0.0/128.0.0.0(rw)", /to a network wider than \/8/],
  ];
  /** The same client and directory as in another line, which would win; or one that exportfs is asked first. */
  const alone: [string, string, RegExp][] = [
    ["the original procedure's line", "/srv/registry *(rw,sync,all_squash)", toAll],
    ["a space before the options", "/srv/registry 10.0.0.9 (rw)", toAll],
    ["a name", "/srv/registry node-1(rw)", /to node-1 by a name, which can be spoofed/],
    ["a line that goes on", "/srv/registry \\\n  *(rw)", toAll],
  ];
  for (const [name, lines] of [
    ["all that are not as strict", open],
    ...alone.map((line) => [line[0], [line]] as const),
  ] as const) {
    it(`are not served beside one that is not as strict: ${name}`, () => {
      host.write("/etc/exports", ["# the team's", ...lines.map(([, line]) => line), ""].join("\n"));
      const { status, stderr, stdout } = host.run(server(), "apply");
      assert.equal(status, 1, stdout);
      assert.doesNotMatch(stdout, /serving/);
      const checked = checks();
      assert.equal(checked.status, 3);
      const accepted = applies(server({ otherExports: "warn" }));
      for (const [index, [what, line, reason]] of lines.entries()) {
        const place = `(/etc/exports:${index + 2})`;
        for (const said of [stderr, checked.stdout, accepted]) {
          const about = said
            .split(/; |\n/)
            .filter((text) => text.includes(place))
            .join("; ");
          assert.match(about, reason, what);
          assert.ok(about.includes(`${line.split(" ")[0]}, which reaches the images`), `${what}: ${about}`);
        }
        const warned = accepted
          .split("\n")
          .some((text) => text.startsWith("warning: ") && text.includes(place));
        assert.ok(warned, accepted);
      }
    });
  }

  it("are not served beside one that a file has and exportfs was not told yet, which that would open with ours", () => {
    applies();
    const before = table();
    const lines = [
      "/srv -no_root_squash 10.9.0.1(rw) 10.9.0.2(root_squash) *.example.com(rw)",
      "/srv/registry *",
      "/srv/registry 10.0.0.8(rw,all_squash,anonuid=5000,anongid=5000)",
      "/srv/registry 10.0.0.9(rw,all_squash,anonuid=5000,anongid=5000,async)",
      "/srv/registry fd00::/8(rw,sync,all_squash,anonuid=5000,anongid=0) host-1(rw,no_root_squash)",
      "/srv/linked 10.9.0.3(rw,no_root_squash)",
      "/srv/linked 10.9.0.3(rw)",
    ];
    host.link("/srv/registry", "/srv/linked");
    host.write("/etc/exports", `${lines.join("\n")}\n`);
    const said = [
      "/srv, which reaches the images, is exported to 10.9.0.1 with no_root_squash: root there is root here (/etc/exports:1)",
      "/srv, which reaches the images, is exported to *.example.com by a name, which can be spoofed, with no_root_squash: root there is root here (/etc/exports:1)",
      "/srv/registry, which reaches the images, is exported to * to every host (/etc/exports:2)",
      "/srv/registry is exported to 10.0.0.9 without sync: clients of ours, who would not get what was asked (/etc/exports:4)",
      "/srv/registry, which reaches the images, is exported to fd00::/8 to a network wider than /16, with anongid=0: others are root here (/etc/exports:5)",
      "/srv/registry, which reaches the images, is exported to 10.9.0.3 with no_root_squash: root there is root here (/etc/exports:6)",
    ].map((line) => `${line}, which is not loaded yet, and is by the next exportfs -ra or boot`);
    const { stdout } = checks();
    assert.ok(stdout.startsWith(`differs: ${said.join("; ")}. Take that away`), stdout);
    const { status, stderr } = host.run(server({}, { clients: ["10.0.0.0/24"] }), "apply");
    assert.equal(status, 1);
    assert.ok(stderr.startsWith(`error: ${said.join("; ")}. Take that away`), stderr);
    assert.equal(table(), before);
    // Once it is loaded, it is said once, also of options by flavour.
    administer("/srv/registry 10.0.0.0/16(rw,sec=krb5p,ro,sec=sys)");
    const loaded = table().replace(
      /^(.*10\.0\.0\.0\/16\().*$/m,
      "$1rw,sync,all_squash,anonuid=5000,anongid=5000,sec=krb5p,sec=sys)",
    );
    host.write("/var/lib/nfs/etab", loaded);
    assert.doesNotMatch(checks().stdout, /not loaded/);
    administer("/srv/registry *(rw,sync)");
    assert.doesNotMatch(checks().stdout, /not loaded/);
    assert.equal(applies(server({ otherExports: "warn" })).match(/^warning: /gm)?.length, 1);
  });

  it("are served beside those that are as strict, or that lead elsewhere", () => {
    host.write(
      "/etc/exports",
      "/srv/registry 10.5.0.0/16(rw,all_squash,anonuid=5000,anongid=5000)\n/srv/registry-2 *(rw,no_root_squash)\n/home *(rw)\n",
    );
    assert.match(applies(), /serving/);
    assert.equal(checks().status, 0);
    assert.match(table(), /^\/srv\/registry\t10\.5\.0\.0\/16/m);
  });

  it("are told from those of the administrator's lines, however these are written", () => {
    applies();
    host.link("/srv/registry", "/srv/images");
    const lines = [
      '"/srv/registry" 10.5.0.1(rw)',
      "/srv/regist\\162y -rw,sync 10.5.0.2 10.5.0.3 # and no more",
      '/srv/registry/ "10.5.0.4"(rw) \\',
      "  10.5.0.5",
      "/srv/images 10.5.0.6(rw)",
      "/srv/registry localhost(rw)",
      "# An old one, and the comment ends with it: \\",
      "/srv/registry 10.5.0.7(rw) # one more \\",
      "/srv/registry 10.5.0.8(rw)",
      "/srv/registry node-5(rw)",
    ];
    host.write("/etc/exports", `${lines.join("\n")}\n`);
    const served = ["1", "2", "3", "4", "5", "6", "7", "8"].map((last) => `10.5.0.${last}`);
    const options = "(rw,sync,all_squash,anonuid=5000,anongid=5000,sec=sys)";
    const entries = served.map((client) => `/srv/registry\t${client}${options}\n`);
    host.write("/var/lib/nfs/etab", [table(), ...entries].join(""));
    const { status, stdout } = checks();
    assert.equal(status, 0, stdout);
    // The table has a host by its full name.
    host.write("/var/lib/nfs/etab", `${table()}/srv/registry\tlocalhost(rw,no_root_squash,sec=sys)\n`);
    assert.match(checks().stdout, /to localhost by a name.*\(\/etc\/exports:6\)/);
    host.write("/var/lib/nfs/etab", `${table()}/srv/registry\tnode-5.example.com(rw,root_squash,sec=sys)\n`);
    assert.match(checks().stdout, /to node-5\.example\.com by a name.*\(\/etc\/exports:10\)/);
    // One whose lines were cut off tells of nobody.
    host.write("/var/lib/nfs/etab", `/srv/team\n${table().replace(/\).*\n.*localhost.*\n.*\n$/, "")}`);
    assert.doesNotMatch(checks().stdout, /by hand/);
    const narrower = server({ otherExports: "warn" }, { clients: ["10.0.0.0/24"] });
    const { calls } = host.run(narrower, "apply");
    assert.ok(calls.includes("exportfs -ra"));
    assert.ok(!calls.some((call) => call.startsWith("exportfs -i") && call.includes("/srv/team")));
  });

  it("are not served beside one that has the files by another name, or that keeps clients from them", () => {
    applies();
    for (const folder of ["/srv/bound", "/srv/part", "/srv/team"]) host.mkdir(folder);
    host.write(
      "places",
      [
        '/srv/registry MAJ:MIN="8:1" FSROOT="/" TARGET="/"',
        '/srv/bound MAJ_MIN="8:1" FSROOT="/srv" TARGET="/srv/bound"',
        '/srv/part MAJ:MIN="8:1" FSROOT="/srv/registry/docker" TARGET="/srv/part"',
        '/srv/team MAJ:MIN="8:1" FSROOT="/" TARGET="/"',
      ].join("\n"),
    );
    const ofOurs = "rw,sync,all_squash,anonuid=5000,anongid=5000,sec=sys";
    const entries = [
      "/srv/bound\t10.9.0.1(rw,no_root_squash,sec=sys)",
      "/srv/part\t10.9.0.2(rw,no_root_squash,sec=sys)",
      "/srv/team\t10.9.0.3(rw,no_root_squash,sec=sys)",
      "/srv\t(ro,root_squash,sec=sys)",
      `/srv/registry\t10.0.0.0/255.255.255.0(${ofOurs.replace("rw", "ro")})`,
      `/srv/registry\t10.9.0.0/16(${ofOurs.replace("rw", "ro")})`,
      `/srv/team\t10.9.0.5(${ofOurs},fsid=0)`,
    ];
    host.write("/etc/exports", "/srv/registry 10.0.0.0/255.255.255.0(ro) 10.9.0.0/16(ro)\n");
    host.write("/var/lib/nfs/etab", `${table()}${entries.join("\n")}\n`);
    const { status, stdout } = checks();
    assert.equal(status, 3);
    for (const said of [
      /\/srv\/bound, which reaches the images, is exported to 10\.9\.0\.1 with no_root_squash/,
      /\/srv\/part, which reaches the images, is exported to 10\.9\.0\.2 with no_root_squash/,
      /\/srv, which reaches the images, is exported to \* to every host/,
      /\/srv\/registry is exported to 10\.0\.0\.0\/255\.255\.255\.0 without rw: clients of ours/,
      /\/srv\/team is exported to 10\.9\.0\.5 with fsid=0, which makes it the root of NFSv4/,
    ])
      assert.match(stdout, said);
    assert.doesNotMatch(stdout, /10\.9\.0\.3|10\.9\.0\.0\/16/);
  });

  describe("are not served where our clients would not get ours", () => {
    const ofOurs = "rw,sync,all_squash,anonuid=5000,anongid=5000";
    const mountedOn = (target: string) =>
      host.write("findmnt", `TARGET="${target}" FSTYPE="ext4" UUID="0000-00" SOURCE="/dev/sda1"\n`);
    const isRefused = (line: string, reason: RegExp, script = server()) => {
      administer(line);
      const { status, stdout, stderr } = host.run(script, "apply");
      assert.equal(status, 1, `${line}: ${stdout}`);
      assert.doesNotMatch(stdout, /serving/);
      assert.match(stderr, reason);
      assert.match(stderr, /\(\/etc\/exports:1\)/);
      const checked = host.run(script, "check");
      assert.equal(checked.status, 3, line);
      assert.match(checked.stdout, reason);
      assert.match(applies(server({ otherExports: "warn" }, { fsid: 7 })), /^warning: /m);
    };
    const isServed = (line: string, script = server()) => {
      administer(line);
      assert.match(applies(script), /serving/, line);
      const { status, stdout } = host.run(script, "check");
      assert.equal(status, 0, `${line}: ${stdout}`);
    };

    it("because they stay in an export above it, which they pass through on their way", () => {
      isRefused(
        "/srv 10.0.0.0/25(ro,sync,root_squash,no_subtree_check)",
        /\/srv is exported to 10\.0\.0\.0\/25 without rw, all_squash, anonuid=5000, anongid=5000: clients of ours, who pass through it to \/srv\/registry over NFSv4 and would not get/,
      );
      isRefused("/ 10.0.0.0/16(ro,fsid=0,crossmnt)", /\/ is exported to 10\.0\.0\.0\/16 without rw, sync,/);
      for (const line of [
        "/srv 10.9.0.0/16(ro,sync)",
        "/srv/registry-2 10.0.0.0/24(ro)",
        "/sr 10.0.0.0/24(ro)",
        `/srv 10.0.0.0/24(${ofOurs})`,
      ])
        isServed(line);
    });

    it("unless a mount lies between, where they leave it, but for crossmnt", () => {
      mountedOn("/srv/registry");
      for (const options of ["ro", "ro,crossmnt"]) isServed(`/srv 10.0.0.0/24(${options},sync)`);
      mountedOn("/srv");
      isServed("/ 10.0.0.0/16(ro,fsid=0)");
      isRefused("/ 10.0.0.0/16(ro,fsid=0,crossmnt)", /\/ is exported to 10\.0\.0\.0\/16 without rw/);
      isRefused("/srv 10.0.0.0/24(ro)", /\/srv is exported to 10\.0\.0\.0\/24 without rw/);
    });

    it("because the directory itself becomes the root of NFSv4 for others, and is not found by its name", () => {
      isRefused(
        `/srv/registry 10.0.0.0/16(${ofOurs},fsid=0)`,
        /\/srv\/registry is exported to 10\.0\.0\.0\/16 with fsid=0, which makes it the root of NFSv4/,
      );
    });

    it("because another directory has the same number", () => {
      const numbered = server({}, { fsid: 7 });
      isRefused(
        "/data 10.0.0.0/16(rw,fsid=7)",
        /\/data is exported to 10\.0\.0\.0\/16 with fsid=7, which is our nfs\.host\.fsid/,
        numbered,
      );
      for (const line of [
        "/data 10.0.0.0/16(rw,fsid=77)",
        "/data 10.9.0.0/16(rw,fsid=7)",
        `/srv/registry 10.5.0.0/16(${ofOurs},fsid=7)`,
      ])
        isServed(line, numbered);
      isServed("/data 10.0.0.0/16(rw,fsid=7)");
    });
  });

  it("are not served beside one that has them in a subvolume, which is another device and no mount", () => {
    administer("/srv *(ro)");
    host.mkdir("/srv/registry");
    const { stderr } = host.run(`/bin/mount -t tmpfs none /srv/registry\n${server()}`, "apply");
    assert.match(stderr, /\/srv, which reaches the images, is exported to \* to every host/);
  });

  it("are not served beside one that has the images below it by a mount, and says crossmnt", () => {
    for (const folder of ["/srv/home/images", "/srv/home/other"]) host.mkdir(folder);
    const root = 'MAJ:MIN="8:1" FSROOT="/" TARGET="/"';
    const places = (mounted: string) =>
      host.write(
        "places",
        ["/srv/registry", "/srv/home"].map((folder) => `${folder} ${root}\n`).join("") + `- ${mounted}\n`,
      );
    const bound = 'MAJ:MIN="8:1" FSROOT="/srv/registry/docker" TARGET="/srv/home/the\\x20images"';
    places(bound);
    administer("/srv/home 10.9.0.1(rw,no_root_squash,crossmnt)");
    const { status, stderr } = host.run(server(), "apply");
    assert.equal(status, 1);
    assert.match(
      stderr,
      /\/srv\/home, which reaches the images, is exported to 10\.9\.0\.1 with no_root_squash.*\(\/etc\/exports:1\)/,
    );
    administer("/srv/home 10.9.0.1(rw,no_root_squash)");
    applies();
    administer("/srv/home 10.9.0.1(rw,no_root_squash,crossmnt)");
    for (const elsewhere of [
      bound.replace("8:1", "8:2"),
      bound.replace("registry/docker", "registry-2"),
      bound.replace("/srv/home", "/srv/homes"),
    ]) {
      places(elsewhere);
      applies();
    }
  });

  it("are not kept where they are what a symbolic link of a moment made of ours, and those by hand are", () => {
    applies();
    host.write("/var/lib/nfs/etab", `${table()}/srv/team\t10.9.0.3(rw,all_squash)\n`);
    host.write("/etc/krb5.keytab", "\x05\x02a key");
    host.write("exported-as", "s|^/srv/registry\\t|/etc/theirs\\t|");
    const { status, stderr, calls } = host.run(server({}, { security: "krb5p" }), "apply");
    assert.equal(status, 1);
    assert.match(
      stderr,
      /the export was taken back, because after exportfs -ra 10\.0\.0\.0\/24 is not served/,
    );
    const byHand = calls.filter((call) => call.startsWith("exportfs -i"));
    assert.ok(
      byHand.some((call) => call.endsWith("10.9.0.3:/srv/team")),
      byHand.join("\n"),
    );
    assert.doesNotMatch(byHand.join("\n"), /theirs/);
  });

  it("are told when exportfs drops one that it cannot bring back, such as one to a name that DNS does not know now", () => {
    host.write("/etc/exports", "/srv/other 10.9.0.4(rw)\n");
    host.run("exportfs -ra\n", "");
    const accepting = server({ otherExports: "warn" });
    for (const mode of ["apply", "remove"]) {
      const options = "(rw,all_squash)";
      host.write(
        "/var/lib/nfs/etab",
        `${table()}/srv/team\tnode-5.example.com${options}\n/srv/registry\tnode-6.example.com${options}\n`,
      );
      // What the stand-in for exportfs makes of a name that does not resolve.
      host.write("exported-as", "/node-6\t/d;/\tnode-6(/d");
      host.write("/etc/exports", "/srv/other 10.9.0.4(rw)\n/srv/registry node-6(rw)\n");
      const { status, stdout } = host.run(accepting, mode);
      assert.equal(status, 0, stdout);
      for (const [path, client] of [
        ["team", "node-5"],
        ["registry", "node-6"],
      ])
        assert.ok(
          stdout.includes(
            `warning: the export of /srv/${path} to ${client}.example.com, which is not ours, is gone: exportfs -ra has dropped it`,
          ),
          stdout,
        );
      assert.equal(stdout.match(/dropped/g)?.length, 2, stdout);
    }
  });

  it("are all looked at by a check, also beside one that the stack accepts, and nothing is advised that was done", () => {
    host.write("/etc/exports", "/srv 10.9.0.1(rw,no_root_squash)\n");
    const accepting = server({ otherExports: "warn" });
    applies(accepting);
    host.write("/var/lib/nfs/etab", table().replace(/anonuid=5000/g, "anonuid=0"));
    host.run("chmod 0777 /srv/registry\n", "");
    host.delete("/etc/nfs.conf.d/image-registry.conf");
    const { status, stdout } = host.run(accepting, "check");
    assert.equal(status, 3);
    for (const said of [
      /^differs: \/srv, which reaches the images, is exported to 10\.9\.0\.1 with no_root_squash: .* \(\/etc\/exports:1\); nfs\.host\.otherExports accepts it$/m,
      /^differs: exported table: 10\.0\.0\.0\/24 is served .*with anonuid=0/m,
      /^differs: mode of \/srv\/registry: 777, asked is 770$/m,
      /^differs: write \/etc\/nfs\.conf\.d\/image-registry\.conf$/m,
      /^this host differs from what was asked in 4 place\(s\)/m,
    ])
      assert.match(stdout, said);
    assert.doesNotMatch(stdout, /accept it:/);
    applies(accepting);
    assert.match(host.run(accepting, "check").stdout, /in 1 place\(s\)/);
  });

  it("asks for security that no other export of the files undercuts", () => {
    host.write("/etc/exports", "/srv/registry 10.5.0.0/16(rw,all_squash,sec=sys)\n");
    host.write("/etc/krb5.keytab", "\x05\x02a key");
    const { stderr } = host.run(server({}, { security: "krb5p" }), "apply");
    assert.match(stderr, /10\.5\.0\.0\/16 with sec=sys \(\/etc\/exports:1\)/);
  });

  describe("with a client connected", () => {
    const narrower = (force = false) => server({ force }, { clients: ["10.0.0.0/24"] });

    it("do not lose the network of a client that holds one, unless forced", () => {
      applies();
      host.write("connected", "10.1.0.7 and dst 10.1.0.0/24 and not dst 10.0.0.0/24\n");
      const before = table();
      const { status, stderr } = host.run(narrower(), "apply");
      assert.equal(status, 1);
      assert.match(
        stderr,
        /clients that are no longer named hold \/srv\/registry: 10\.1\.0\.7\. .* or set forceRemoval/,
      );
      assert.equal(table(), before);
      applies(narrower(true));
      assert.doesNotMatch(table(), /10\.1\.0\.0/);
    });

    it("lose the network of one that holds none", () => {
      applies();
      applies(narrower());
      assert.doesNotMatch(table(), /10\.1\.0\.0/);
    });

    it("are held by those whom the live table serves, whatever the stack believes", () => {
      applies();
      host.write("connected", "10.1.0.7 dst 10.1.0.0/24\n");
      const { status, stderr } = host.run(narrower(), "remove");
      assert.equal(status, 1);
      // One whose mount is of an export that is gone is connected, too.
      assert.match(
        stderr,
        /clients hold \/srv\/registry: 10\.1\.0\.7\. .* Whoever is connected counts, .* exports nothing else: .* umount -fl$/m,
      );
    });

    it("are held by them when our file was taken away by hand, and by nobody once they are served no more", () => {
      applies();
      host.write("connected", "10.1.0.7 dst 10.1.0.0/24\n");
      for (const file of host.list("/etc/exports.d")) host.delete(`/etc/exports.d/${file}`);
      const before = table();
      const { status, stderr } = host.run(server(), "remove");
      assert.equal(status, 1);
      assert.match(stderr, /clients hold \/srv\/registry: 10\.1\.0\.7/);
      assert.equal(table(), before);
      host.write("/var/lib/nfs/etab", "");
      assert.equal(host.run(server(), "remove").status, 0);
    });

    /** Held by a client that stays named; force is as elsewhere. */
    const ends = (script: (force: boolean) => string, what: string) => {
      const before = table();
      const { status, stdout, stderr } = host.run(script(false), "apply");
      assert.equal(status, 1, stdout);
      assert.ok(
        stderr.includes(
          `error: ${what} would end, by which clients may have mounted /srv/registry: 10.0.0.7. Stop them`,
        ),
        stderr,
      );
      assert.equal(table(), before);
      applies(script(true));
      assert.notEqual(table(), before);
    };

    it("keep the number that file handles bear, whoever stays named, unless forced", () => {
      const numbered = (fsid?: number) => (force: boolean) =>
        server({ force }, fsid === undefined ? {} : { fsid });
      applies();
      host.write("connected", "10.0.0.7 dst 10.0.0.0/24 )\n");
      // Handles that go by the file system's UUID are found all the same.
      applies(numbered(7)(false));
      applies(numbered(7)(false));
      ends(numbered(8), "fsid=7");
      ends(numbered(), "fsid=8");
    });

    it("keep the security that clients may have mounted with, unless forced", () => {
      const secured = (security: string) => (force: boolean) => server({ force }, { security });
      host.write("/etc/krb5.keytab", "\x05\x02a key");
      applies();
      host.write("connected", "10.0.0.7 dst 10.0.0.0/24 )\n");
      applies(secured("krb5p:sys:krb5i")(false));
      ends(secured("krb5i"), "sec=krb5p and sec=sys");
      ends(secured("sys"), "sec=krb5i");
    });

    it("are asked after before anything changes: a restart would have disconnected who holds them", () => {
      applies(server({}, { fsid: 7 }));
      host.write("connected", "10.0.0.7 dst 10.0.0.0/24 )\n10.1.0.7 dst 10.1.0.0/24 and not\n");
      for (const change of [{ fsid: 8 }, { fsid: 7, clients: ["10.0.0.0/24"] }]) {
        const { status, stdout, calls } = host.run(server({ protocols: { nfs3: true } }, change), "apply");
        assert.equal(status, 1);
        assert.equal(stdout, "");
        assert.ok(!calls.some((call) => call.includes("restart")));
      }
    });

    it("are told from others by what rpc.mountd is asked, which is started first where it was killed", () => {
      applies();
      host.write("/var/lib/nfs/etab", `${table()}/home\t10.3.0.0/16(rw,root_squash,sec=sys)\n`);
      host.write("connected", "10.1.0.7 dst 10.1.0.0/24 )\n");
      host.write("/proc/fs/nfsd/exports", "/srv/registry\t10.1.0.0/24(rw,all_squash)\n");
      host.delete("units/nfs-mountd.active");
      const { status, stderr, calls } = host.run(server(), "remove");
      assert.equal(status, 1);
      assert.match(stderr, /clients hold \/srv\/registry: 10\.1\.0\.7\. Stop them .* or set forceRemoval$/m);
      const at = ["systemctl restart nfs-mountd", "exportfs -f"].map((call) => calls.indexOf(call));
      assert.ok(at[0]! >= 0 && at[0]! < at[1]!, calls.join("\n"));
    });

    it("end by another number or security for those that are not connected", () => {
      host.write("/etc/krb5.keytab", "\x05\x02a key");
      applies(server({}, { fsid: 7 }));
      applies(server({}, { security: "krb5p" }));
      assert.doesNotMatch(table(), /fsid|sec=sys/);
    });

    it("are held by those who mounted over NFSv3, of whom the server keeps a list, however long they ask for nothing", () => {
      applies(server({ protocols: { nfs3: true } }));
      const rmtab = (client: string) =>
        host.write(
          "/var/lib/nfs/rmtab",
          `${client}:/srv/registry:0x00000001\n10.1.0.7:/srv/more:0x00000001\n`,
        );
      rmtab("10.1.0.7");
      for (const [script, mode] of [
        [server({ protocols: { nfs3: true } }, { clients: ["10.0.0.0/24"] }), "apply"],
        [server({ protocols: { nfs3: true } }), "remove"],
      ] as const) {
        const { status, stderr } = host.run(script, mode);
        assert.equal(status, 1);
        assert.match(stderr, /hold \/srv\/registry, mounted over NFSv3: 10\.1\.0\.7\. .*rmtab/);
      }
      rmtab("10.0.0.7");
      applies(server({ protocols: { nfs3: true } }, { clients: ["10.0.0.0/24"] }));
      // A directory in the exported one may be mounted, too.
      host.write("/var/lib/nfs/rmtab", "10.0.0.7:/srv/registry/docker:0x00000001\n");
      const { status, stderr } = host.run(server({ protocols: { nfs3: true } }), "remove");
      assert.equal(status, 1);
      assert.match(stderr, /hold \/srv\/registry, mounted over NFSv3: 10\.0\.0\.7\. /);
    });
  });
});
