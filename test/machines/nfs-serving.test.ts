import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";

import type { ServerSpec } from "../../hosts";
import { converge, must, onMachines, refused, runServer, serverSpec } from "./nfs-machines";

const own = "10.97.3.13";

/** Of Debian 13, to itself: the host is its own client. */
const spec = (change: Partial<ServerSpec> = {}, exported: Partial<ServerSpec["export"]> = {}) =>
  serverSpec(change, { path: "/srv/disk/registry", clients: [own], ...exported });
const mountOver = (version: string, more = "") =>
  `timeout 60 mount -t nfs -o nfsvers=${version},soft,timeo=50,retrans=1,retry=0${more} ${own}:/srv/disk/registry /mnt`;

describe("what is said to be served", function () {
  const machines = onMachines(this, "server13");
  let settings: string;

  before("a disk of its own for the images", async () => {
    const { server13 } = machines();
    const folder = mkdtempSync(path.join(tmpdir(), "disk-"));
    const disk = path.join(folder, "disk.img");
    execFileSync("truncate", ["--size=16M", disk]);
    execFileSync("mkfs.ext4", ["-q", disk]); // Debian 13 has none by itself
    await server13.put(folder, "/var/disk");
    rmSync(folder, { recursive: true });
    await must(
      server13,
      `mkdir -p /srv/disk && echo '/var/disk/disk.img /srv/disk ext4 loop,nofail 0 0' >>/etc/fstab &&
      systemctl daemon-reload && mount /srv/disk`,
    );
  });

  it("is NFSv4.2, although the administrator's nfs.conf has it switched off", async () => {
    const { server13 } = machines();
    await must(
      server13,
      "for key in vers4 vers4.2; do nfsconf --file /etc/nfs.conf --set nfsd $key n || exit; done",
    );
    settings = await must(server13, "cat /etc/nfs.conf");
    assert.match(await converge(server13, spec()), /^serving: \/srv\/disk\/registry to 10\.97\.3\.13/m);
    await must(server13, `${mountOver("4.2")} && touch /mnt/file && umount /mnt`);
    assert.equal(await must(server13, "stat -c %u:%g /srv/disk/registry/file"), "5000:5001");
    assert.doesNotMatch(await converge(server13, spec()), /changed/);
  });

  it("is not the version that the volume asks for, at the address that clients use, where a later file ends that, and it is named", async () => {
    const { server13 } = machines();
    const local = "/etc/nfs.conf.d/zz-local.conf";
    await must(
      server13,
      `printf '[nfsd]\\nvers4.2=n\\nhost=127.0.0.1\\n' >${local}; systemctl restart nfs-server`,
    );
    const { exitCode, stdout, stderr } = await runServer(server13, "apply", spec());
    assert.equal(exitCode, 1, stdout);
    assert.doesNotMatch(stdout, /^serving/m);
    const checked = await runServer(server13, "check", spec());
    assert.equal(checked.exitCode, 3);
    for (const said of [stderr, checked.stdout]) {
      assert.match(said, /NFSv4\.2 is not served/);
      assert.match(said, /nothing listens on 10\.97\.3\.13, where clients come in/);
    }
    assert.ok(stderr.includes(`${local}:2 [nfsd] vers4.2=n`), stderr);
    assert.ok(stderr.includes(`${local}:3 [nfsd] host=127.0.0.1`), stderr);
    await must(server13, `rm ${local}`);
    await converge(server13, spec());
  });

  it("is not NFSv3 where one of its ports cannot be had, and no other port is moved then", async () => {
    const { server13 } = machines();
    const nfs3 = spec({ protocols: { nfs3: true } });
    await must(server13, "systemd-run --quiet --unit=squatter nc -lk 0.0.0.0 20048");
    await refused(server13, nfs3, /port 20048 is taken by nc; NFS needs it/);
    await must(server13, "systemctl stop squatter");
    // The host's own mount over NFSv3 keeps lockd, on the port that it had when that was made.
    await must(
      server13,
      `rm /etc/nfs.conf.d/image-registry.conf; systemctl start rpcbind rpc-statd; systemctl restart nfs-server;
      ${mountOver("3")}`,
    );
    await refused(
      server13,
      nfs3,
      /lockd cannot take port 53248 while this host itself mounts \/mnt over NFSv3; unmount it/,
    );
    await must(server13, "umount /mnt");
    await converge(server13, nfs3);
    await must(server13, `${mountOver("3")} && flock /mnt/file true && umount /mnt`);
    await converge(server13, spec());
    assert.match(await must(server13, "cat /proc/fs/nfsd/versions"), /-3 .*\+4\.2/);
  });

  it("is never a memory, nor what the kernel cannot export", async () => {
    const { server13 } = machines();
    await must(
      server13,
      `mkdir -p /srv/ram /srv/layers /var/lower /var/upper /var/work && mount -t tmpfs none /srv/ram &&
      mount -t overlay -o lowerdir=/var/lower,upperdir=/var/upper,workdir=/var/work none /srv/layers`,
    );
    const at = (path: string) => spec({}, { id: "another", path });
    await refused(
      server13,
      at("/srv/ram/registry"),
      /\/srv\/ram\/registry is on a tmpfs, and images would vanish at boot/,
    );
    const { exitCode, stdout, stderr } = await runServer(server13, "apply", at("/srv/layers/registry"));
    assert.equal(exitCode, 1, stdout);
    assert.match(
      stderr,
      /error: the export was taken back.*exportfs said: .*\/srv\/layers\/registry does not support NFS export/s,
    );
    assert.doesNotMatch(await must(server13, "cat /var/lib/nfs/etab"), /layers/);
    await converge(server13, at("/srv/layers/registry"), "remove");
    await must(server13, "exportfs -f; umount /srv/ram /srv/layers");
  });

  it("is not hidden behind another root of NFSv4, which an export with fsid=0 makes for all clients", async () => {
    const { server13 } = machines();
    await must(server13, "mkdir -p /srv/root");
    for (const line of [
      "/srv/root 10.97.9.0/24(ro,fsid=0,no_subtree_check)",
      "/srv/disk/registry 10.97.0.0/16(rw,no_subtree_check,all_squash,anonuid=5000,anongid=5001,fsid=0)",
    ]) {
      await must(server13, `echo '${line}' >/etc/exports; exportfs -ra; exportfs -f`);
      assert.notEqual((await server13.run(mountOver("4.2"))).exitCode, 0, line);
      await refused(
        server13,
        spec(),
        / is exported to 10\.97\.\d+\.0\/\d+ with fsid=0, which makes it the root of NFSv4: .*\(\/etc\/exports:1\)/,
      );
    }
    await must(server13, ": >/etc/exports; exportfs -ra");
    await converge(server13, spec(), "check");
    await must(server13, `${mountOver("4.2")} && umount /mnt`);
  });

  it("is not what another export makes of it that clients pass through on their way", async () => {
    const { server13 } = machines();
    const exports = (line: string) =>
      must(server13, `echo '${line}' >/etc/exports; exportfs -ra; exportfs -f`);
    const writes = async () =>
      (
        await server13.run(
          `${mountOver("4.2")} && { touch /mnt/file; status=$?; umount /mnt; exit $status; }`,
        )
      ).exitCode === 0;
    // The disk is mounted on /srv/disk, where clients leave the export above it.
    await exports(`/srv ${own}(ro,no_subtree_check)`);
    assert.ok(await writes());
    await converge(server13, spec(), "check");
    for (const line of [
      `/srv ${own}(ro,crossmnt,no_subtree_check)`,
      `/srv/disk ${own}(ro,no_subtree_check)`,
      `/ ${own}(ro,fsid=0,crossmnt,no_subtree_check)`,
    ]) {
      await exports(line);
      assert.ok(!(await writes()), line);
      await refused(
        server13,
        spec(),
        /is exported to 10\.97\.3\.13 without rw, .*who pass through it to \/srv\/disk\/registry over NFSv4.*\(\/etc\/exports:1\)/,
      );
    }
    await must(server13, ": >/etc/exports; exportfs -ra; exportfs -f");
    assert.ok(await writes());
    await converge(server13, spec(), "check");
  });

  it("is no other directory of the same disk, and none with something mounted in it", async () => {
    const { server13 } = machines();
    await must(server13, "cd /srv/disk; mv registry aside");
    await refused(server13, spec(), /\/srv\/disk\/registry was served and is not there/);
    await must(server13, "cd /srv/disk; mkdir registry");
    await refused(server13, spec(), /\/srv\/disk\/registry is not the directory that was served/);
    await must(
      server13,
      "cd /srv/disk; rmdir registry; mv aside registry; mkdir registry/docker; mount --bind /srv/root registry/docker",
    );
    await refused(server13, spec(), /mounted on \/srv\/disk\/registry\/docker, which clients would not see/);
    await must(server13, "umount /srv/disk/registry/docker; rmdir /srv/disk/registry/docker");
    await converge(server13, spec(), "check");
  });

  it("is what an automount brings, also before anybody has asked for it, and never the directory beneath it", async () => {
    const { server13 } = machines();
    const automounted = spec({}, { id: "automounted", path: "/srv/auto" });
    await must(
      server13,
      `mkdir -p /srv/auto && cp /var/disk/disk.img /var/another.img &&
      echo '/var/another.img /srv/auto ext4 loop,nofail,x-systemd.automount 0 0' >>/etc/fstab &&
      systemctl daemon-reload && systemctl start srv-auto.automount`,
    );
    const idle = "systemctl stop srv-auto.mount 2>&1";
    await must(server13, `rm -rf /srv/auto/registry && ${idle}`);
    await converge(server13, automounted);
    await must(server13, `${idle} && ! grep -q ' /srv/auto ext4 ' /proc/mounts`);
    assert.doesNotMatch(await converge(server13, automounted), /changed/);
    await must(server13, `exportfs -f; ${idle} && mv /var/another.img /var/aside`);
    // systemd gives up an automount that has failed several times, and the directory beneath it is there.
    await refused(
      server13,
      automounted,
      /\/srv\/auto cannot be entered: its automount|the file system that \/srv\/auto is on, .* is not mounted there/,
    );
    await must(
      server13,
      "mv /var/aside /var/another.img && systemctl reset-failed && systemctl restart srv-auto.automount",
    );
    await converge(server13, automounted, "check");
    await converge(server13, automounted, "remove");
    await must(server13, `exportfs -f; systemctl stop srv-auto.automount && sed -i '/srv.auto/d' /etc/fstab`);
  });

  it("is never an empty directory in the place of a disk that is gone, now or after a reboot", async () => {
    const { server13 } = machines();
    const nothing = async () => {
      await refused(
        server13,
        spec(),
        /the file system that \/srv\/disk\/registry is on, .* is not mounted there; /,
      );
      assert.equal(await must(server13, "ls -A /srv/disk"), "");
      assert.notEqual((await server13.run(mountOver("4.2"))).exitCode, 0);
    };
    // The kernel lets go of a file some seconds after its last use.
    await must(server13, "exportfs -f; until umount /srv/disk; do ((tries++ < 60)); sleep 1; done 2>&1");
    await nothing();
    await must(server13, "mkdir -p /srv/disk/registry"); // by hand, as somebody might
    assert.notEqual((await server13.run(mountOver("4.2"))).exitCode, 0);
    await must(server13, "rmdir /srv/disk/registry; sed -i '/disk.img/d' /etc/fstab; sync");
    await server13.reboot();
    await nothing();
    await must(server13, "mount -o loop /var/disk/disk.img /srv/disk");
    await converge(server13, spec());
    assert.equal(await must(server13, `${mountOver("4.2")} && ls /mnt && umount /mnt`), "file");
  });

  it("has the number that it is given", async () => {
    const { server13 } = machines();
    await converge(server13, spec({}, { fsid: 77 }));
    assert.match(await must(server13, "exportfs -s"), /^\/srv\/disk\/registry .*fsid=77/m);
    const another = (client: string) =>
      must(server13, `echo '/srv/root ${client}(rw,fsid=77,no_subtree_check)' >/etc/exports; exportfs -ra`);
    await another(own);
    await refused(
      server13,
      spec({}, { fsid: 77 }),
      /\/srv\/root is exported to 10\.97\.3\.13 with fsid=77, which is our nfs\.host\.fsid/,
    );
    // Of a client that is none of ours, the number is another one's.
    await another("10.97.9.0/24");
    await converge(server13, spec({}, { fsid: 77 }), "check");
    assert.match(await must(server13, `${mountOver("4.2")} && ls /mnt && umount /mnt`), /^file/);
    await must(server13, ": >/etc/exports; exportfs -ra");
  });

  it("ends with its removal, and the administrator's settings are what they were", async () => {
    const { server13 } = machines();
    await converge(server13, spec(), "remove");
    assert.equal(await must(server13, "cat /etc/nfs.conf"), settings);
    assert.equal(
      await must(server13, "ls -A /var/lib/image-registry /etc/nfs.conf.d"),
      ["/etc/nfs.conf.d:", "", "/var/lib/image-registry:"].join("\n"),
    );
    assert.equal(await must(server13, "ls /srv/disk/registry"), "file");
  });
});
