import assert from "node:assert/strict";

import { wantFirewall } from "../../sandbox/machines";
import {
  converge,
  exportPath,
  mount,
  must,
  onMachines,
  openPorts,
  runServer,
  serverSpec,
  unmount,
} from "./nfs-machines";

const nfs3 = serverSpec({ protocols: { nfs3: true } });
const dedicated = serverSpec({ protocols: { dedicated: true } });
const lockdPort = "cat /proc/sys/fs/nfs/nlm_tcpport";
const ports = [111, 2049, 20048, 50825, 53248];

describe("NFS versions and ports", function () {
  const machines = onMachines(this, "server", "client", "outsider");
  let portBefore: string;
  before(async () => {
    const { server } = machines();
    await wantFirewall(server);
    // What no stack asks for is as the host has it; a client of another file may still hold what that one served.
    await converge(server, serverSpec({ force: true }), "remove");
    portBefore = await must(server, lockdPort);
  });

  it("serves NFSv3 on its five fixed ports when asked to", async () => {
    const { server, client, outsider } = machines();
    await converge(server, nfs3);
    assert.deepEqual(await openPorts(client, ports, server), ports);
    assert.deepEqual(await openPorts(outsider, ports, server), []);
    const { exitCode, stderr } = await mount(client, "nfsvers=3");
    assert.equal(exitCode, 0, stderr);
    await must(client, "flock /mnt/lock true && rm /mnt/lock");
    await unmount(client);
  });

  it("keeps export, firewall and ports over a reboot", async () => {
    const { server, client, outsider } = machines();
    await server.reboot();
    await converge(server, nfs3, "check");
    assert.deepEqual(await openPorts(client, ports, server), ports);
    assert.deepEqual(await openPorts(outsider, ports, server), []);
    assert.equal((await mount(client, "nfsvers=3")).exitCode, 0);
    assert.equal((await mount(client)).exitCode, 0);
    await unmount(client);
  });

  it("does not end NFSv3 under a client that has mounted over it", async () => {
    const { server, client } = machines();
    assert.equal((await mount(client, "nfsvers=3")).exitCode, 0);
    const held = await runServer(server, "apply", dedicated);
    assert.equal(held.exitCode, 1, held.stdout);
    assert.match(
      held.stderr,
      /NFSv3 would end, over which clients have mounted: \/srv\/registry by 10\.97\.1\.20\. /,
    );
    await unmount(client);
  });

  it("ends NFSv3 with the stack that asked for it, and the other stack's check finds nothing", async () => {
    const { server } = machines();
    const owner = { stack: "organization/image-registry/other", cluster: "other" };
    const other = serverSpec({ owner }, { id: "other", path: "/srv/other" });
    await converge(server, other);
    assert.equal(await must(server, lockdPort), "53248");
    await converge(server, nfs3, "remove");
    assert.match(await must(server, "cat /proc/fs/nfsd/versions"), /^-3/);
    assert.equal(await must(server, lockdPort), portBefore);
    assert.doesNotMatch(await converge(server, other, "check"), /differs/);
    await converge(server, other, "remove");
  });

  it("lets nothing but SSH and NFSv4 listen on a dedicated host, and changes nothing in a second run", async () => {
    const { server, client } = machines();
    await converge(server, dedicated);
    const listening = await must(server, "ss -Hltn | awk '{ sub(/.*:/, \"\", $4); print $4 }' | sort -nu");
    assert.deepEqual(listening.split("\n"), ["22", "2049"]);
    assert.notEqual((await mount(client, "nfsvers=3")).exitCode, 0);
    assert.match(await must(server, "cat /proc/fs/nfsd/versions"), /^-3/);
    assert.match(await must(server, "exportfs -s"), new RegExp(`^${exportPath} `, "m"));
    assert.doesNotMatch(await converge(server, dedicated), /changed/);
  });
});
