import assert from "node:assert/strict";

import type { ServerSpec } from "../../hosts";
import {
  clientNetworks,
  converge,
  exportPath,
  mount,
  must,
  onMachines,
  refused,
  runServer,
  serverSpec,
  unmount,
} from "./nfs-machines";

const table = "cat /var/lib/nfs/etab";
const uploads = "/mnt/docker/registry/v2/repositories";
/** A push in little, by a user whom nobody knows. */
const write = `setpriv --reuid=1000620000 --regid=0 --clear-groups bash -ec 'mkdir -p ${uploads}; echo layer >${uploads}/layer'`;

describe("a host that is not the stack's alone", function () {
  const machines = onMachines(this, "server", "client");
  before("serves, and a client has pushed", async () => {
    const { server, client } = machines();
    await converge(server);
    assert.equal((await mount(client)).exitCode, 0);
    await must(client, write);
    await unmount(client);
  });
  after(() => unmount(machines().client));

  describe("the stack an export belongs to", () => {
    const copy = { stack: "organization/image-registry/copy", cluster: "other" };
    const theirs = serverSpec({ owner: copy }, { clients: ["10.97.9.0/24"], uid: 6000 });

    it("keeps its clients when another stack asks for the same directory, and when that one is removed", async () => {
      const { server, client } = machines();
      assert.equal((await mount(client)).exitCode, 0);
      const everything = `${table}; stat -c '%u:%g %a' ${exportPath}; ls /etc/exports.d /var/lib/image-registry`;
      const before = await must(server, everything);
      await refused(
        server,
        theirs,
        /belongs to stack organization\/image-registry\/test of cluster prod, and this is stack organization\/image-registry\/copy/,
      );
      assert.match(await converge(server, theirs, "remove"), /^kept: the export of \/srv\/registry/m);
      assert.equal(await must(server, everything), before);
      await must(client, write);
    });

    it("is exchanged where the new one names the old one, without a moment in which a client is cut off", async () => {
      const { server, client } = machines();
      const mine = serverSpec();
      await converge(server, serverSpec({ owner: copy, takeOverFrom: mine.owner.stack }));
      await must(client, write);
      assert.match(
        (await runServer(server, "apply", mine)).stderr,
        /belongs to stack organization\/image-registry\/copy/,
      );
      await converge(server, serverSpec({ takeOverFrom: copy.stack }));
      await must(client, write);
    });
  });

  it("becomes another user in the live table, too, once the images were given over", async () => {
    const { server, client } = machines();
    const changed = serverSpec({}, { uid: 65534, gid: 65534 });
    await refused(
      server,
      changed,
      /\/srv\/registry belongs to 5000:5001 .*chown -R 65534:65534 \/srv\/registry/,
    );
    await must(server, `chown -R 65534:65534 ${exportPath}`);
    await converge(server, changed);
    assert.match(
      await must(server, table),
      /^\/srv\/registry\t10\.97\.1\.0\/24\(.*anonuid=65534,anongid=65534/m,
    );
    assert.equal((await mount(client)).exitCode, 0);
    await must(client, write);
    assert.equal(
      await must(server, `stat -c %u ${exportPath}/docker/registry/v2/repositories/layer`),
      "65534",
    );
    await converge(server, changed, "check");
    await must(server, `chown -R 5000:5001 ${exportPath}`);
    await converge(server);
  });

  it("does not serve beside exports of the same files that are open to all, or to root, unless that is accepted", async () => {
    const { server, client } = machines();
    await must(server, "cat >/etc/exports; exportfs -ra", {
      input: [
        "# the administrator's",
        `${exportPath} *(rw,no_root_squash,no_subtree_check)`,
        "/srv *(rw,sync,all_squash,no_subtree_check)",
        `${exportPath} 10.97.1.20(rw,no_root_squash,no_subtree_check)`,
      ].join("\n"),
    });
    await must(client, "ls /mnt");
    for (const [mode, status] of [
      ["apply", 1],
      ["check", 3],
    ] as const) {
      const { exitCode, stdout, stderr } = await runServer(server, mode);
      assert.equal(exitCode, status, stdout + stderr);
      const said = stdout + stderr;
      assert.match(
        said,
        /\/srv\/registry, which .*to \* to every host, with no_root_squash.* \(\/etc\/exports:2\)/,
      );
      assert.match(
        said,
        /\/srv, which reaches the images, is exported to \* to every host \(\/etc\/exports:3\)/,
      );
      assert.match(said, /exported to 10\.97\.1\.20 with no_root_squash.* \(\/etc\/exports:4\)/);
    }
    const accepted = serverSpec({ otherExports: "warn" });
    assert.match(await converge(server, accepted), /^warning: \/srv\/registry, which reaches the images/m);
    assert.equal((await runServer(server, "check", accepted)).exitCode, 3);
    await must(server, ": >/etc/exports; exportfs -ra");
    await converge(server, serverSpec(), "check");
  });

  it("leaves a directory as it is that is another program's, or holds images of another user", async () => {
    const { server, client } = machines();
    await unmount(client); // whom the removal would wait for, to see which export it holds
    await must(
      server,
      `mkdir -p /srv/postgres/base /var/export/regvol/docker/registry && touch /srv/postgres/base/1 &&
      chown -R 26:26 /srv/postgres && chmod 0700 /srv/postgres && chown -R 65534:65534 /var/export/regvol`,
    );
    const seen = "find /srv/postgres /var/export -printf '%p %U:%G %m\\n' | sort";
    const before = await must(server, seen);
    const at = (path: string) => serverSpec({}, { id: "another", path });
    await refused(
      server,
      at("/srv/postgres"),
      /\/srv\/postgres belongs to 26:26 .*set nfs\.host\.uid: 26 and nfs\.host\.gid: 26, or /,
    );
    await refused(
      server,
      at("/var/export/regvol"),
      /belongs to 65534:65534 .*chown -R 5000:5001 \/var\/export\/regvol/,
    );
    assert.equal(await must(server, seen), before);
    assert.doesNotMatch(await must(server, table), /postgres|regvol/);
    const theirUser = serverSpec({}, { id: "another", path: "/var/export/regvol", uid: 65534, gid: 65534 });
    assert.match(await converge(server, theirUser), /^serving: \/var\/export\/regvol/m);
    await converge(server, theirUser, "remove");
  });

  it("does not say that it serves where clients could not write in one of the registry's folders", async () => {
    const { server } = machines();
    await must(server, `chmod 0550 ${exportPath}/docker/registry/v2`);
    await refused(
      server,
      serverSpec(),
      /\/srv\/registry\/docker\/registry\/v2 .*its owner 5000:5001.* \(mode 550/,
    );
    // Lets files be made, and none renamed.
    const last = `${exportPath}/docker/registry/v2/repositories`;
    await must(server, `chmod 0755 ${exportPath}/docker/registry/v2; chattr +a ${last}`);
    const failed = await runServer(server, "apply", serverSpec({}, { mode: "0750" }));
    await must(server, `chattr -a ${last}; rm -f ${last}/.image-registry-*`);
    assert.equal(failed.exitCode, 1, failed.stdout);
    assert.match(
      failed.stderr,
      /5000:5001, as whom clients write, cannot write in \/srv\/registry\/docker\/registry\/v2\/repositories: .*not permitted/,
    );
    assert.doesNotMatch(failed.stdout, /^serving/m);
    await converge(server);
  });

  it("cuts nobody off who holds the export when its network is named no longer, unless that is forced", async () => {
    const { server, client } = machines();
    assert.equal((await mount(client)).exitCode, 0);
    const narrowed = (force: boolean): ServerSpec => serverSpec({ force }, { clients: ["10.97.9.0/24"] });
    const before = await must(server, table);
    const { exitCode, stderr } = await runServer(server, "apply", narrowed(false));
    assert.equal(exitCode, 1);
    assert.match(
      stderr,
      /clients that are no longer named hold \/srv\/registry: 10\.97\.1\.20\. .*forceRemoval/,
    );
    assert.equal(await must(server, table), before);
    await must(client, write);
    // The client's other network leaves: nothing is mounted from there.
    await converge(server, serverSpec({}, { clients: clientNetworks.slice(0, 1) }));
    await must(client, write);
    await converge(server, narrowed(true));
    assert.doesNotMatch(await must(server, table), /10\.97\.1\.0/);
    await converge(server);
    await unmount(client);
  });

  it("cannot be blocked, or made to harm a file, by its users", async () => {
    const { server } = machines();
    await must(
      server,
      "echo precious >/etc/precious; chmod 0600 /etc/precious; mkdir -p /etc/theirs; chmod 0700 /etc/theirs",
    );
    const user = { user: "ops" } as const;
    assert.notEqual((await server.run("ln -s /etc/precious /run/image-registry.lock.ops", user)).exitCode, 0);
    await server.run(
      "rm -f /run/lock/*image-registry*; ln -s /etc/precious /run/lock/image-registry.lock",
      user,
    );
    // As a client of an export above the directory might: its folder is a folder and a link to the host's own, in turns.
    await must(server, "mkdir -p /srv/shared && chown 5000:5001 /srv/shared && chmod 0770 /srv/shared");
    const swapping =
      "cd /srv/shared; until [ -e /run/swapped ]; do mkdir -p sub; mv sub aside 2>/dev/null; ln -sfn /etc/theirs sub; rm -f sub; mv aside sub 2>/dev/null; done";
    const swap = must(server, `setpriv --reuid=5000 --regid=5001 --clear-groups bash -c '${swapping}'`);
    const spec = serverSpec({}, { id: "below", path: "/srv/shared/sub" });
    for (let run = 0; run < 4; run++) {
      await runServer(server, "apply", spec);
      assert.equal(
        await must(server, "stat -c '%u:%g %a' /etc/theirs; cat /etc/precious"),
        "0:0 700\nprecious",
      );
    }
    await must(server, "touch /run/swapped");
    await swap;
    await must(
      server,
      "rm -rf /srv/shared/sub /srv/shared/aside /var/lib/image-registry/below-*.file-system",
    );
    await converge(server, spec);
    assert.doesNotMatch(await must(server, table), /theirs/);
    await converge(server, spec, "remove");
  });
});
