import assert from "node:assert/strict";
import { chownSync, statSync } from "node:fs";

import { serverScript, type ServerSpec } from "../../../hosts";
import { describeOnFakeHosts, FakeHost, rhel } from "./fake-host";

const path = "/srv/registry";
const exported = { id: "registry", path, clients: ["10.0.0.0/24"], uid: 5000, gid: 5000 };
const prod = { stack: "organization/image-registry/prod", cluster: "prod" };
const copy = { stack: "organization/image-registry/copy", cluster: "other" };
const server = (change: Partial<ServerSpec> = {}) =>
  serverScript({ owner: prod, export: exported, ...change });

describeOnFakeHosts("a host whose directories and exports belong to somebody", () => {
  let host: FakeHost;
  beforeEach(() => (host = new FakeHost()));
  afterEach(() => host.remove());

  let serving: FakeHost;
  before(() => {
    serving = new FakeHost();
    assert.equal(serving.run(server(), "apply").status, 0);
  });
  after(() => serving.remove());
  /** The test begins with a host that serves stack prod's export. */
  const served = () => {
    host.remove();
    host = serving.copy();
  };

  const serves = (script: string) => {
    const { status, stdout, stderr } = host.run(script, "apply");
    assert.equal(status, 0, stdout + stderr);
    return stdout;
  };
  /** Refused by apply, before anything was changed, and a difference for check. */
  const refused = (script: string, reason: RegExp) => {
    const before = everything();
    const applied = host.run(script, "apply");
    assert.equal(applied.status, 1, applied.stdout);
    assert.match(applied.stderr, reason);
    assert.doesNotMatch(applied.stdout, /changed/);
    const checked = host.run(script, "check");
    assert.equal(checked.status, 3);
    assert.match(checked.stdout, reason);
    assert.equal(everything(), before);
  };
  const everything = () => {
    const { uid, gid, mode } = host.exists(path) ? statSync(host.path(path)) : {};
    const state = host
      .list("/var/lib/image-registry")
      .map((file) => host.read(`/var/lib/image-registry/${file}`));
    return JSON.stringify([
      uid,
      gid,
      mode,
      state,
      host.read("/var/lib/nfs/etab"),
      host.list("/etc/exports.d"),
    ]);
  };
  /** A directory of the host with one file in it. */
  const full = (file: string, uid: number, top = uid) => {
    host.write(`${path}/${file}`, "data");
    const names = file.split("/");
    chownSync(host.path(path), top, top);
    for (let depth = 1; depth <= names.length; depth++)
      chownSync(host.path([path, ...names.slice(0, depth)].join("/")), uid, uid);
  };

  describe("an export of another stack", () => {
    const theirs = server({ owner: copy, export: { ...exported, uid: 6000, clients: ["10.9.0.0/16"] } });

    it("is refused by the names of both stacks, as is a directory below it or above it", () => {
      served();
      refused(
        theirs,
        /belongs to stack organization\/image-registry\/prod of cluster prod, and this is stack organization\/image-registry\/copy of cluster other.*nfs\.host\.takeOverFrom: organization\/image-registry\/prod/,
      );
      refused(
        server({ owner: { ...prod, cluster: "other" } }),
        /of cluster prod, and this is .* of cluster other/,
      );
      const below = { ...exported, id: "below", path: `${path}/below` };
      refused(
        server({ owner: copy, export: below }),
        /name a directory that is no part of it, .*: rm \/var\/lib\/image-registry\/registry-546e6f07\.owner/,
      );
    });

    it("is refused under another name of the same files, such as a bind mount has", () => {
      served();
      host.mkdir("/srv/bound");
      host.write(
        "places",
        `${path} MAJ:MIN="8:1" FSROOT="/" TARGET="/"\n/srv/bound MAJ:MIN="8:1" FSROOT="${path}" TARGET="/srv/bound"\n`,
      );
      const bound = { ...exported, id: "bound", path: "/srv/bound" };
      refused(server({ owner: copy, export: bound }), /name a directory that is no part of it/);
    });

    it("is told from one of a cluster that is called the same, and is the same cluster's under another name", () => {
      const uid = "0f5e4c1a-9f3e-4a53-8f0e-0d3a3c1b2d3e";
      serves(server());
      serves(server({ owner: { ...prod, clusterUid: uid } }));
      refused(
        server({ owner: { ...prod, clusterUid: "another" } }),
        /of cluster prod \(namespace kube-system: uid 0f5e.*\), and this is .* of cluster prod \(namespace kube-system: uid another\)/,
      );
      serves(server({ owner: { ...prod, cluster: "renamed", clusterUid: uid } }));
    });

    it("is not removed by the stack that does not have it", () => {
      served();
      const before = everything();
      const { status, stdout } = host.run(theirs, "remove");
      assert.equal(status, 0);
      assert.match(stdout, /^kept: .* belongs to stack organization\/image-registry\/prod/m);
      assert.equal(everything(), before);
    });

    it("is handed over when it is named, and is then its new owner's to remove", () => {
      served();
      const taker = server({ owner: copy, takeOverFrom: prod.stack });
      serves(taker);
      refused(server(), /belongs to stack organization\/image-registry\/copy/);
      assert.match(host.run(server(), "remove").stdout, /^kept: /m);
      assert.match(host.read("/var/lib/nfs/etab"), /^\/srv\/registry\t/);
      host.run(taker, "remove");
      assert.equal(host.read("/var/lib/nfs/etab"), "");
    });

    it("is nobody's to take or to remove where its record is damaged, which is named", () => {
      const record = "/var/lib/image-registry/registry-546e6f07.owner";
      const damaged = /\/var\/lib\/image-registry\/registry-546e6f07\.owner is damaged, .*: rm \/var\/lib/;
      for (const text of ["", "\0\0\0\n", "organization/image-registry/prod\nprod\n"]) {
        served();
        host.write(record, text);
        refused(server(), damaged);
        refused(
          server({ owner: copy, export: { ...exported, id: "below", path: `${path}/below` } }),
          damaged,
        );
        serves(server({ owner: copy, export: { ...exported, id: "beside", path: `${path}-2` } }));
        const { status, stderr } = host.run(server(), "remove");
        assert.equal(status, 1);
        assert.match(stderr, damaged);
        assert.match(host.read("/var/lib/nfs/etab"), /^\/srv\/registry\t/m);
      }
      host.delete(record);
      serves(server());
      assert.equal(host.run(server(), "remove").status, 0);
    });

    it("does not keep a stack from a directory beside it", () => {
      served();
      serves(server({ owner: copy, export: { ...exported, id: "beside", path: `${path}-2` } }));
    });
  });

  it("takes up what the version before made, which recorded no owner", () => {
    served();
    for (const file of host.list("/var/lib/image-registry"))
      if (file.endsWith(".owner")) host.delete(`/var/lib/image-registry/${file}`);
    serves(server({ owner: copy }));
    refused(server(), /belongs to stack organization\/image-registry\/copy/);
  });

  it("refuses another program's directory, whether it is full or empty", () => {
    full("base/1", 26);
    refused(
      server(),
      /\/srv\/registry belongs to 26:26 .*set nfs\.host\.uid: 26 and nfs\.host\.gid: 26, or .*chown -R 5000:5000 \/srv\/registry/,
    );
    host.delete(path);
    host.mkdir(path);
    chownSync(host.path(path), 26, 26);
    refused(server(), /\/srv\/registry belongs to 26:26/);
  });

  it("takes up root's directory only where it is empty", () => {
    host.mkdir(`${path}/lost+found`);
    serves(server());
    host.run(server(), "remove");
    host.delete(path);
    for (const file of ["important", ".git/config"]) {
      full(file, 0);
      refused(
        server(),
        /\/srv\/registry belongs to 0:0 .* every push would fail.* give them over on the host: chown -R/,
      );
      host.delete(path);
    }
  });

  it("refuses images that another user wrote, however deep the first of them lies", () => {
    full("docker/registry/v2/blobs/sha256/ab/abcd/data", 65534, 65534);
    refused(server(), /belongs to 65534:65534 .*set nfs\.host\.uid: 65534 and nfs\.host\.gid: 65534/);
    // Half way: somebody changed the top alone, as the version before did.
    chownSync(host.path(path), 5000, 5000);
    refused(server(), /\/srv\/registry\/docker belongs to 65534:65534/);
    // Nearly all the way: the folders without what is in them.
    host.run("find /srv/registry -type d -exec chown 5000:5000 {} +\n", "");
    refused(server(), /\/srv\/registry\/docker\/registry\/.*\/data belongs to 65534:65534/);
    host.run("chown -R 65534:65534 /srv/registry\n", "");
    serves(server({ export: { ...exported, uid: 65534, gid: 65534 } }));
  });

  it("refuses another uid for a live export that holds images, and takes it where the images were given over", () => {
    served();
    full("docker/registry", 5000);
    const changed = server({ export: { ...exported, uid: 6000, gid: 6000 } });
    refused(changed, /\/srv\/registry belongs to 5000:5000 .*nfs\.host\.uid: 5000.*chown -R 6000:6000/);
    full("docker/registry", 6000);
    serves(changed);
  });

  it("says where clients cannot write, instead of that it serves", () => {
    served();
    full("docker/registry/v2/blobs", 5000);
    host.run("chmod 0550 /srv/registry/docker/registry/v2\n", "");
    refused(
      server(),
      /\/srv\/registry\/docker\/registry\/v2 cannot be written to by its owner 5000:5000 \(mode 550\)/,
    );
  });

  it("says so, too, of a folder that a push writes to, however deep the name of its image leads", () => {
    served();
    for (const name of ["team/app", "team/app/part/more"]) {
      const uploads = `docker/registry/v2/repositories/${name}/_uploads`;
      full(`${uploads}/1/data`, 5000);
      // What a push of long ago made is looked at by nobody.
      chownSync(host.path(`${path}/${uploads}/1`), 0, 0);
      serves(server());
      chownSync(host.path(`${path}/${uploads}`), 0, 0);
      refused(server(), new RegExp(`${uploads} belongs to 0:0 .*every push would fail`));
      host.delete(path);
      host.mkdir(path);
      host.delete("/var/lib/image-registry");
    }
  });

  it("does not look at each image in a directory that was taken up before", () => {
    served();
    const blob = "docker/registry/v2/blobs/sha256/ab/abcd";
    full(`${blob}/data`, 5000);
    chownSync(host.path(`${path}/${blob}`), 0, 0);
    serves(server());
    chownSync(host.path(`${path}/${blob}/..`), 0, 0);
    refused(server(), /blobs\/sha256\/ab belongs to 0:0/);
  });

  it("has the mode that was asked, also where the directory above it hands down its own", () => {
    host.run("mkdir /srv/team; chmod 2775 /srv/team\n", "");
    const script = server({ export: { ...exported, path: "/srv/team/registry" } });
    const mode = () => statSync(host.path("/srv/team/registry")).mode & 0o7777;
    serves(script);
    assert.equal(mode(), 0o770);
    assert.doesNotMatch(serves(script), /changed/);
    assert.equal(host.run(script, "check").status, 0);
    const setgid = server({ export: { ...exported, path: "/srv/team/registry", mode: "2750" } });
    serves(setgid);
    assert.equal(mode(), 0o2750);
    assert.doesNotMatch(serves(setgid), /changed/);
  });

  describe("a directory that was served", () => {
    const record = () => {
      const [file = ""] = host
        .list("/var/lib/image-registry")
        .filter((name) => name.endsWith(".file-system"));
      return `/var/lib/image-registry/${file}`;
    };

    it("is no other one in its place, such as is there where a subvolume or a bind mount is missing", () => {
      served();
      host.move(path, "/srv/aside");
      host.mkdir(path);
      refused(
        server(),
        /\/srv\/registry is not the directory that was served .*its images are in this one: rm \/var\/lib\/image-registry\/registry-[0-9a-f]+\.file-system/,
      );
      host.delete(path);
      host.move("/srv/aside", path);
      assert.equal(host.run(server(), "check").status, 0);
      assert.doesNotMatch(serves(server()), /changed/);
    });

    it("is not made anew where it is gone, unless its record is taken away or the export was removed", () => {
      served();
      host.move(path, "/srv/aside");
      refused(server(), /\/srv\/registry was served and is not there .*To begin with an empty one: rm \/var/);
      assert.ok(!host.exists(path));
      host.delete(record());
      assert.match(serves(server()), /changed: create \/srv\/registry/);
      assert.doesNotMatch(serves(server()), /changed/);
      host.run(server(), "remove");
      host.delete(path);
      assert.match(serves(server()), /changed: create \/srv\/registry/);
    });

    it("is whichever is there where a former version recorded no more than its file system, and from then on that one", () => {
      served();
      const whole = host.read(record());
      const [first = "", inode = ""] = whole.split("\n");
      assert.equal(inode, String(statSync(host.path(path)).ino));
      host.write(record(), `${first}\n`);
      const { status, stdout } = host.run(server(), "check");
      assert.equal(status, 0, stdout);
      assert.match(serves(server()), /changed: write .*\.file-system/);
      assert.equal(host.read(record()), whole);
      assert.doesNotMatch(serves(server()), /changed/);
    });

    it("is none of another subvolume of btrfs, each of which numbers its directories alike", () => {
      host.write("findmnt", 'TARGET="/srv" FSTYPE="btrfs" UUID="3333-cc" SOURCE="/dev/sdc1"\n');
      serves(server());
      const whole = host.read(record());
      const [disk, inode, made] = whole.trim().split(/[ \n]/);
      assert.ok(Number(made) > 0, whole);
      host.write(record(), `${disk}\n${inode} 1234567890\n`);
      refused(server(), /\/srv\/registry is not the directory that was served/);
      // A former version recorded the number alone.
      host.write(record(), `${disk}\n${inode}\n`);
      assert.equal(host.run(server(), "check").status, 0);
      assert.match(serves(server()), /changed: write .*\.file-system/);
      assert.equal(host.read(record()), whole);
      assert.doesNotMatch(serves(server()), /changed/);
    });

    it("is known by no number where the file system gives it another one at each mount", () => {
      host.write("findmnt", 'TARGET="/srv" FSTYPE="fuse.glusterfs" UUID="" SOURCE="storage-1:/registry"\n');
      serves(server());
      assert.equal(host.read(record()), "storage-1:/registry\n");
      host.move(path, "/srv/aside");
      host.mkdir(path);
      chownSync(host.path(path), 5000, 5000);
      serves(server());
    });
  });

  it("is told by check, before the first apply, that it is not there, and no more than that", () => {
    host.remove();
    host = new FakeHost(rhel("9.4"), ["nfs-utils"]);
    const { status, stdout, stderr } = host.run(server(), "check");
    assert.equal(status, 3, stderr);
    assert.match(stdout, /differs: create \/srv\/registry/);
    assert.equal(stderr, "");
  });

  it("is not served while something is mounted in it, which no client would see", () => {
    served();
    const mounted = (...targets: string[]) =>
      host.write(
        "places",
        targets.map((target) => `- MAJ:MIN="8:2" FSROOT="/" TARGET="${target}"\n`).join(""),
      );
    mounted("/", "/srv", path, "/srv/registry-2", "/srv/registry-2/docker", `${path}/.snapshots/1`);
    serves(server());
    mounted("/", `${path}/docker`);
    refused(
      server(),
      /a file system is mounted on \/srv\/registry\/docker, which clients would not see.*Name that directory, or mount it on \/srv\/registry/,
    );
    mounted("/", `${path}/the\\x20disk`);
    refused(server(), /mounted on \/srv\/registry\/the disk, which/);
  });

  it("is not taken up while the disk that /etc/fstab has for it is not mounted", () => {
    const table =
      "# <file system> <mount point>\n/dev/sda1 / ext4 defaults 0 1\n/dev/sda2 none swap sw 0 0\n";
    const mounted = (...targets: string[]) =>
      host.write(
        "places",
        targets.map((target) => `- MAJ:MIN="8:2" FSROOT="/" TARGET="${target}"\n`).join(""),
      );
    host.mkdir(path);
    mounted("/");
    for (const place of [path, "/srv/"]) {
      host.write(
        "/etc/fstab",
        `${table}UUID=1 /srv/registry-2 ext4 nofail 0 2\nUUID=2\t${place} xfs nofail 0 2\n`,
      );
      refused(
        server(),
        new RegExp(
          `/etc/fstab:5 mounts ${place.replace(/\/$/, "")}, and nothing is mounted there: images would go to the disk of /; mount it`,
        ),
      );
    }
    mounted("/", "/srv");
    serves(server());
    // Where it was served, the record tells which file system that was.
    mounted("/");
    assert.doesNotMatch(serves(server()), /changed/);
    host.run(server(), "remove");
    host.write("/etc/fstab", table);
    serves(server());
  });

  it("is not served from a file system that is read-only, which is said before anything changes", () => {
    const readOnly = `/bin/mount --bind /srv /srv && /bin/mount -o remount,bind,ro /srv || exit 98\n${server()}`;
    refused(readOnly, /nobody can write in \/srv: its file system is mounted read-only/);
    served();
    full("docker/registry", 5000);
    refused(readOnly, /nobody can write in \/srv\/registry: its file system is mounted read-only/);
  });

  it("follows no symbolic link that stands in the place of a directory", () => {
    host.mkdir("/srv/elsewhere");
    host.link("/srv/elsewhere", path);
    refused(server(), /passes through a symbolic link; name \/srv\/elsewhere instead/);
  });
});
