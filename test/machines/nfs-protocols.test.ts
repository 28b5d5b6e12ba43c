import assert from "node:assert/strict";

import { wantFirewall } from "../../sandbox/machines";
import {
  converge,
  exportPath,
  mount,
  must,
  onMachines,
  openPorts,
  serverSpec,
  unmount,
} from "./nfs-machines";

const nfs3 = serverSpec({ protocols: { nfs3: true } });
const ports = [111, 2049, 20048, 50825, 53248];

describe("NFS versions and ports", function () {
  const machines = onMachines(this, "server", "client", "outsider");
  before(() => wantFirewall(machines().server));

  it("serves NFSv3 on its five fixed ports when asked to", async () => {
    const { server, client, outsider } = machines();
    await converge(server, nfs3);
    assert.deepEqual(await openPorts(client, ports), ports);
    assert.deepEqual(await openPorts(outsider, ports), []);
    const { exitCode, stderr } = await mount(client, "nfsvers=3");
    assert.equal(exitCode, 0, stderr);
    await must(client, "flock /mnt/lock true && rm /mnt/lock");
    await unmount(client);
  });

  it("keeps export, firewall and ports over a reboot", async () => {
    const { server, client, outsider } = machines();
    await server.reboot();
    await converge(server, nfs3, "check");
    assert.deepEqual(await openPorts(client, ports), ports);
    assert.deepEqual(await openPorts(outsider, ports), []);
    assert.equal((await mount(client, "nfsvers=3")).exitCode, 0);
    assert.equal((await mount(client)).exitCode, 0);
    await unmount(client);
  });

  it("returns to NFSv4 alone, and on a dedicated host nothing but SSH and NFS listens", async () => {
    const { server, client } = machines();
    await must(server, "rm -f /etc/exports.d/[!r]*.exports; : >/etc/exports; exportfs -ra");
    await converge(server, serverSpec({ protocols: { dedicated: true } }));
    const listening = await must(server, "ss -Hltn | awk '{ sub(/.*:/, \"\", $4); print $4 }' | sort -nu");
    assert.deepEqual(listening.split("\n"), ["22", "2049"]);
    const { exitCode } = await mount(client, "nfsvers=3");
    assert.notEqual(exitCode, 0);
    assert.match(await must(server, "cat /proc/fs/nfsd/versions"), /^-3/);
    assert.match(await must(server, "exportfs -s"), new RegExp(`^${exportPath} `, "m"));
  });

  it("changes nothing when it runs again on the dedicated host", async () => {
    assert.doesNotMatch(
      await converge(machines().server, serverSpec({ protocols: { dedicated: true } })),
      /changed/,
    );
  });
});
