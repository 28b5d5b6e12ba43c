import assert from "node:assert/strict";

import { converge, exportPath, must, onMachines, runClient, runServer, serverSpec } from "./nfs-machines";

const own = "10.97.5.14";
/** The host is its own client. */
const spec = serverSpec({}, { clients: [own] });
const client = { server: own };
const booleans = ["nfs_export_all_rw", "virt_use_nfs", "container_use_nfs"];

/** Confined as a container is, and started from a file of its image; what it opens itself is all that it may use. */
const contained = (command: string) =>
  `runcon system_u:system_r:container_t:s0 /var/image/sh -c '${command}'`;
const push = contained("echo blob >/mnt/blob && read -r text </mnt/blob");
const mounted = `timeout 60 mount -t nfs -o nfsvers=4.2,soft,timeo=50,retrans=1,retry=0 ${own}:${exportPath} /mnt`;

describe("SELinux that enforces its policy", function () {
  const machines = onMachines(this, "enforcing");
  const allowed = async () =>
    (await must(machines().enforcing, `getsebool ${booleans.join(" ")}`))
      .split("\n")
      .map((line) => line.split(" ").pop());

  before("a file to start a container from", async () => {
    const { enforcing } = machines();
    assert.equal(await must(enforcing, "getenforce"), "Enforcing");
    await must(
      enforcing,
      "mkdir /var/image && cp /usr/bin/dash /var/image/sh && chcon --recursive --type=container_file_t /var/image",
    );
  });

  it("lets the server serve, from one run on, and has nothing to deny of that", async () => {
    const { enforcing } = machines();
    assert.deepEqual(await allowed(), ["off", "off", "off"]);
    const report = await converge(enforcing, spec);
    assert.match(report, /^changed: SELinux boolean nfs_export_all_rw on$/m);
    assert.match(report, /^serving: \/srv\/registry to 10\.97\.5\.14 /m);
    assert.deepEqual(await allowed(), ["on", "off", "off"]);
    assert.doesNotMatch(await converge(enforcing, spec), /changed/);
    assert.doesNotMatch(await converge(enforcing, spec, "check"), /differs/);
    assert.equal(await must(enforcing, "dmesg | grep 'denied.*image-registry' || true"), "");
  });

  it("keeps a container from the mount until the node is readied", async () => {
    const { enforcing } = machines();
    await must(enforcing, mounted);
    assert.notEqual((await enforcing.run(push)).exitCode, 0);
    const checked = await runClient(enforcing, "check", client);
    assert.equal(checked.exitCode, 3, checked.stdout + checked.stderr);
    assert.match(checked.stdout, /^differs: SELinux boolean container_use_nfs on$/m);

    const readied = await runClient(enforcing, "apply", client);
    assert.equal(readied.exitCode, 0, readied.stdout + readied.stderr);
    assert.deepEqual(await allowed(), ["on", "on", "on"]);
    await must(enforcing, `${push} && umount /mnt`);
    const again = await runClient(enforcing, "apply", client);
    assert.equal(again.stdout, `ready: this node mounts ${own}:${exportPath}\n`);
  });

  it("is the same after a reboot", async () => {
    const { enforcing } = machines();
    await enforcing.reboot();
    assert.equal(await must(enforcing, "getenforce"), "Enforcing");
    assert.deepEqual(await allowed(), ["on", "on", "on"]);
    const checked = await runServer(enforcing, "check", spec);
    assert.equal(checked.exitCode, 0, checked.stdout + checked.stderr);
    assert.equal((await runClient(enforcing, "check", client)).exitCode, 0);
    await must(enforcing, `${mounted} && ${push}`);
    assert.equal(await must(enforcing, `stat -c %u:%g ${exportPath}/blob`), "5000:5001");
  });

  it("is left as it is when the export goes, for others may need it", async () => {
    const { enforcing } = machines();
    await must(enforcing, "umount /mnt");
    await converge(enforcing, spec, "remove");
    assert.deepEqual(await allowed(), ["on", "on", "on"]);
    assert.equal(
      await must(enforcing, "ls -A /var/lib/image-registry /etc/exports.d"),
      "/etc/exports.d:\n\n/var/lib/image-registry:",
    );
    assert.equal(await must(enforcing, `cat ${exportPath}/blob`), "blob");
  });
});
