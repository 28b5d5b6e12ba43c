import assert from "node:assert/strict";

import { networksOf } from "../../sandbox/machines";
import {
  clientNetworks,
  converge,
  exportPath,
  mount,
  must,
  onMachines,
  runServer,
  serverSpec,
  unmount,
} from "./nfs-machines";

const table = `exportfs -s | grep '^${exportPath} '`;

describe("a change on a host that serves", function () {
  const machines = onMachines(this, "server", "client");
  before(async () => void (await converge(machines().server)));

  it("never leaves a moment without the export, whether clients or options change", async () => {
    const { server, client } = machines();
    assert.equal((await mount(client)).exitCode, 0);
    // The table is watched on the server, with what the changes leave of its processor, and a client writes, as long as they last.
    await must(server, "rm -f /run/changed /run/missed");
    const watch = must(
      server,
      `renice --priority 15 $$ >/dev/null; until [ -e /run/changed ]; do grep -q '^${exportPath}.10.97.1.0/24' /var/lib/nfs/etab || touch /run/missed; done`,
    );
    await must(client, "rm -f /run/changed");
    const write = must(
      client,
      "n=0; until [ -e /run/changed ]; do echo $n >/mnt/beat && sync /mnt/beat; n=$((n+1)); done; echo $n",
    );
    await converge(
      server,
      serverSpec({}, { clients: [...clientNetworks, networksOf("outsider").ipv4], gid: 5002 }),
    );
    await converge(server);
    await Promise.all([server, client].map((machine) => must(machine, "touch /run/changed")));
    assert.ok(Number(await write) > 0, "every write succeeded");
    await watch;
    assert.equal(await must(server, "ls /run | grep -c missed || true"), "0");
    await unmount(client);
  });

  it("is found by check when made by hand, and taken back by apply", async () => {
    const { server } = machines();
    const edits: [edit: string, told: RegExp][] = [
      [
        "sed -i s/all_squash/no_all_squash/ /etc/exports.d/registry-*.exports",
        /differs: write \/etc\/exports\.d\/registry-/,
      ],
      [
        "exportfs -o rw,insecure 10.97.2.30:/srv/registry",
        /differs: exported table: .*10\.97\.2\.30 is served, and not asked for/,
      ],
      ["exportfs -u 10.97.1.0/24:/srv/registry", /differs: exported table: .*10\.97\.1\.0\/24 is not served/],
      ["chmod 777 /srv/registry", /differs: mode of \/srv\/registry: 777, asked is 770/],
      ["systemctl --quiet disable nfs-server", /differs: enable nfs-server/],
      ["rm /etc/nfs.conf.d/image-registry.conf", /differs: write \/etc\/nfs\.conf\.d\/image-registry\.conf/],
      ["kill -9 $(pidof rpc.mountd)", /differs: start nfs-mountd, without which no client can mount/],
    ];
    await must(server, edits.map(([edit]) => edit).join(" && "));
    const { stdout, exitCode } = await runServer(server, "check");
    assert.equal(exitCode, 3, stdout);
    for (const [, told] of edits) assert.match(stdout, told);
    await converge(server);
    await converge(server, serverSpec(), "check");
    assert.doesNotMatch(await must(server, table), /10\.97\.2\.30|no_all_squash/);
    assert.equal((await mount(machines().client)).exitCode, 0);
    await unmount(machines().client);
  });

  it("keeps exports that no file names, which exportfs -ra would drop", async () => {
    const { server } = machines();
    await must(
      server,
      "mkdir -p /srv/cluster; exportfs -o rw,no_subtree_check,fsid=7 10.97.1.20:/srv/cluster",
    );
    await converge(server, serverSpec({}, { gid: 5002 }));
    assert.match(await must(server, "exportfs -s"), /^\/srv\/cluster\s+10\.97\.1\.20\(.*fsid=7/m);
    await must(server, "exportfs -u 10.97.1.20:/srv/cluster");
    await converge(server);
  });

  it("gives the export a number while a client holds it, but no other one, which its file handles do not bear", async () => {
    const { server, client } = machines();
    assert.equal((await mount(client)).exitCode, 0);
    const write = "echo layer >>/mnt/number/deep/layer && ls /mnt/number/deep";
    await must(client, `mkdir -p /mnt/number/deep && cd /mnt/number && ${write}`);
    await converge(server, serverSpec({}, { fsid: 7 }));
    await must(client, write);
    assert.equal((await mount(client)).exitCode, 0);
    await must(client, write);
    for (const exported of [{ fsid: 8 }, {}]) {
      const { exitCode, stderr } = await runServer(server, "apply", serverSpec({}, exported));
      assert.equal(exitCode, 1);
      assert.match(
        stderr,
        /fsid=7 would end, by which clients may have mounted \/srv\/registry: 10\.97\.1\.20\. /,
      );
    }
    await must(client, `${write} && rm -r /mnt/number`);
    await unmount(client);
    await converge(server, serverSpec({ force: true }));
  });

  it("is rolled back, alone, when another file's export wins over ours", async () => {
    const { server } = machines();
    const before = await must(server, `cat /etc/exports.d/registry-*.exports; ${table}`);
    await must(
      server,
      "echo '/srv/registry 10.97.3.0/24(ro,sync,no_subtree_check)' >/etc/exports.d/aaa.exports",
    );
    const asked = serverSpec({}, { clients: [...clientNetworks, "10.97.3.0/24"] });
    const { stderr, exitCode } = await runServer(server, "apply", asked);
    assert.equal(exitCode, 1);
    assert.match(
      stderr,
      /error: the export was taken back, because after exportfs -ra 10\.97\.3\.0\/24 is served without rw/,
    );
    await must(
      server,
      "test -e /etc/exports.d/aaa.exports && rm /etc/exports.d/aaa.exports && exportfs -ra || true",
    );
    assert.equal(await must(server, `cat /etc/exports.d/registry-*.exports; ${table}`), before);
  });

  it("is refused where the path is a symbolic link, not mounted, or too small", async () => {
    const { server } = machines();
    await must(server, "ln -sfn /etc /srv/link");
    for (const [spec, expected] of [
      [
        serverSpec({}, { path: "/srv/link/registry" }),
        /passes through a symbolic link; name \/etc\/registry instead/,
      ],
      [serverSpec({}, { requireMountPoint: true }), /nothing is mounted on \/srv\/registry/],
      [
        serverSpec({}, { path: "/srv/new", minimumFree: "50Gi" }),
        /has room for \d+ bytes; the volume needs 53687091200/,
      ],
    ] as const) {
      const { stderr, exitCode } = await runServer(server, "apply", spec);
      assert.equal(exitCode, 1);
      assert.match(stderr, expected);
    }
    assert.equal(await must(server, "ls /etc/exports.d | grep -c ^registry"), "1", "nothing was exported");
    await must(server, "test ! -e /srv/new && test ! -e /etc/registry");
  });
});
