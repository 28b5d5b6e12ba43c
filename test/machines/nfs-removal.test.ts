import assert from "node:assert/strict";

import {
  converge,
  exportPath,
  mount,
  must,
  onMachines,
  runServer,
  serverSpec,
  unmount,
} from "./nfs-machines";

const checksums = `cd ${exportPath} && find . -type f -exec sha256sum {} + | sort`;
const left =
  "ls -d /etc/exports.d/registry-* /etc/nfs.conf.d/image-* /etc/image-registry/* /var/lib/image-registry/* /etc/systemd/system/image-* /etc/sysctl.d/*image* /etc/modprobe.d/*image* 2>/dev/null || true";

describe("removing an export", function () {
  const machines = onMachines(this, "server", "client");

  before(async () => {
    const { server, client } = machines();
    await converge(server, serverSpec({ protocols: { nfs3: true } }));
    assert.equal((await mount(client)).exitCode, 0);
    await must(
      client,
      "mkdir -p /mnt/docker && dd if=/dev/urandom of=/mnt/docker/layer bs=64k count=4 conv=fsync status=none",
    );
  });

  it("is refused while a client holds it, and changes nothing", async () => {
    const { server } = machines();
    const { exitCode, stderr } = await runServer(server, "remove", serverSpec({ protocols: { nfs3: true } }));
    assert.equal(exitCode, 1);
    assert.match(stderr, /error: clients hold \/srv\/registry: 10\.97\.1\.20\. Stop them/);
    await converge(server, serverSpec({ protocols: { nfs3: true } }), "check");
  });

  it("tells a client of this export from one that only holds another", async () => {
    const { server, client } = machines();
    const other = serverSpec({}, { id: "other", path: "/srv/other" });
    await converge(server, other);
    await must(client, "mountpoint -q /mnt && ls /mnt >/dev/null");
    const beat = client.run("rm -f /run/stop; until [ -e /run/stop ]; do touch /mnt/docker; sleep 1; done");
    try {
      assert.equal((await runServer(server, "remove", serverSpec())).exitCode, 1, "in use");
      await converge(server, other, "remove");
    } finally {
      await must(client, "touch /run/stop");
      await beat;
    }
    assert.match(await must(server, "exportfs -s"), /^\/srv\/registry /m);
  });

  it("takes away all that is ours and keeps the data, once nobody holds it", async () => {
    const { server, client } = machines();
    const before = await must(server, checksums);
    await unmount(client);
    await must(
      server,
      "for i in $(seq 600); do [ -z \"$(ss -Htn state established '( sport = :2049 )')\" ] && break; sleep 0.2; done",
    );
    await converge(server, serverSpec({ protocols: { nfs3: true } }), "remove");
    assert.equal(await must(server, left), "");
    assert.doesNotMatch(
      await must(server, "exportfs -s; nft list ruleset 2>/dev/null || true"),
      /srv\/registry|image-registry/,
    );
    assert.equal(await must(server, "systemctl is-active nfs-server"), "active", "a shared service stays");
    assert.equal(await must(server, checksums), before);
    assert.notEqual((await mount(client)).exitCode, 0);
    assert.equal((await runServer(server, "remove")).exitCode, 0, "a second removal has nothing to do");
  });

  it("is undone by the next apply, which serves the same data", async () => {
    const { server, client } = machines();
    await converge(server);
    assert.equal((await mount(client)).exitCode, 0);
    assert.equal(
      await must(client, "sha256sum </mnt/docker/layer"),
      await must(server, `sha256sum <${exportPath}/docker/layer`),
    );
  });

  it("goes through while a client holds it, when forced", async () => {
    const { server, client } = machines();
    await converge(server, serverSpec({ force: true }), "remove");
    assert.doesNotMatch(await must(server, "exportfs -s"), /srv\/registry/);
    // A client can only let go of what is served.
    await converge(server);
    await unmount(client);
  });
});
