import assert from "node:assert/strict";

import { wantFirewall } from "../../sandbox/machines";
import {
  clientNetworks,
  converge,
  exportPath,
  mount,
  must,
  onMachines,
  openPorts,
  runClient,
  runServer,
  serverSpec,
  unmount,
} from "./nfs-machines";

const nfsPorts = [22, 111, 2049, 20048, 50825, 53248];

/** Files of somebody else's, one of them faulty; the good lines are served before and after. */
const others: Record<string, string> = {
  "/etc/exports": "# the team's\n/srv/team 10.97.1.0/24(ro,sync,no_subtree_check)\n",
  "/etc/exports.d/more.exports":
    "/srv/more *.example.com(ro,sync,no_subtree_check) 10.97.1.20(rw,sync,no_subtree_check)\n",
  "/etc/exports.d/faulty.exports":
    "/srv/good 10.97.1.0/24(ro,sync,no_subtree_check)\n/srv/bad 10.97.1.0/24(nonsense)\n",
};

/** Everything a run may touch, by hash and time, and every service by the start it is in. */
const everything = [
  "find /etc /var/lib/image-registry /srv -xdev -type f ! -path '/srv/packages/*' -printf '%p %T@ %m ' -exec sha256sum {} + | sort",
  "systemctl show --property=Id,InvocationID nfs-server nfs-mountd rpc-statd rpcbind nftables ssh",
].join("; ");

describe("an NFS export on a real host", function () {
  const machines = onMachines(this, "bare", "client", "outsider");
  const good = () =>
    must(machines().bare, "exportfs -s | grep -c -e '^/srv/team ' -e '^/srv/more ' -e '^/srv/good '");

  it("goes from a fresh host to a working export in one run, waiting for another user of dpkg", async () => {
    const { bare: server, client } = machines();
    await wantFirewall(server);
    for (const [file, text] of Object.entries(others)) {
      await must(server, `mkdir -p /etc/exports.d /srv/team /srv/more /srv/good /srv/bad; cat >${file}`, {
        input: text,
      });
    }
    // Holds dpkg's lock until told to let go. fcntl writes into its argument, which must be no constant.
    const lock = `perl -e 'open F, ">>/var/lib/dpkg/lock-frontend"; fcntl(F, 6, pack("ssx4qqlx4", 1, 0, 0, 0, 0 * time)) or die; sleep 1 until -e "/run/let-go"'`;
    await must(server, `systemd-run --quiet --unit=other-dpkg ${lock}`);
    const run = runServer(server, "apply", serverSpec(), "ops");
    await must(
      server,
      "for i in $(seq 300); do pgrep -x apt-get && break; sleep 0.2; done; sleep 1; systemctl is-active other-dpkg && touch /run/let-go",
    );
    const { stdout, stderr, exitCode } = await run;
    assert.equal(exitCode, 0, stdout + stderr);
    assert.match(
      stdout,
      /^serving: \/srv\/registry to 10\.97\.1\.0\/24 fd00:97:1::\/48 \(NFSv4, sec=sys\)$/m,
    );

    const mounted = await mount(client, "nfsvers=4.2", server.networkAddress);
    assert.equal(mounted.exitCode, 0, mounted.stderr);
  });

  it("lets an arbitrary user write, rename and flush, as the one user who owns the files", async () => {
    const { bare: server, client } = machines();
    assert.match(await must(client, "grep ' /mnt nfs4 ' /proc/mounts"), /vers=4\.2/);
    await must(
      client,
      "cd /mnt && setpriv --reuid=1000660000 --regid=0 --clear-groups bash -ec " +
        "'dd if=/dev/urandom of=upload bs=64k count=4 conv=fsync status=none; mkdir -p docker; mv upload docker/blob; sync docker/blob'",
    );
    assert.equal(await must(server, `stat -c '%u:%g %s' ${exportPath}/docker/blob`), "5000:5001 262144");
    assert.equal(await must(server, `stat -c '%u:%g %a' ${exportPath}`), "5000:5001 770");
  });

  it("also serves IPv6", async () => {
    const { bare: server, client } = machines();
    const { exitCode, stderr } = await mount(client, "nfsvers=4.2", `[${server.networkAddress6}]`);
    assert.equal(exitCode, 0, stderr);
    await unmount(client);
  });

  it("changes no file, no time stamp and no service in a second run", async () => {
    const { bare: server } = machines();
    const before = await must(server, everything);
    const report = await converge(server);
    assert.doesNotMatch(report, /changed/);
    assert.equal(await must(server, everything), before);
  });

  it("opens NFSv4's port to the client alone; beside it only SSH answers", async () => {
    const { bare: server, client, outsider } = machines();
    assert.deepEqual(await openPorts(client, nfsPorts, server), [22, 2049]);
    assert.deepEqual(await openPorts(outsider, nfsPorts, server), [22]);
  });

  it("turns the outsider away at the export as well, when the firewall is off", async () => {
    const { bare: server, outsider } = machines();
    await must(server, "systemctl stop nftables");
    assert.deepEqual(await openPorts(outsider, [2049], server), [2049]);
    assert.notEqual((await mount(outsider, "nfsvers=4.2", server.networkAddress)).exitCode, 0);
    await must(server, "systemctl start nftables");
    assert.doesNotMatch(await converge(server, serverSpec(), "check"), /differs/);
    assert.deepEqual(await openPorts(outsider, [2049], server), [], "the rules are back with the firewall");
  });

  it("leaves other exports byte for byte as they were, and served", async () => {
    const { bare: server } = machines();
    for (const [file, text] of Object.entries(others))
      assert.equal(`${await must(server, `cat ${file}`)}\n`, text);
    assert.equal(await good(), "4");
  });

  it("finds the client ready and tells the outsider why it is not", async () => {
    const { bare, client, outsider } = machines();
    const server = bare.networkAddress;
    const ready = await runClient(client, "apply", { server });
    assert.equal(ready.exitCode, 0, ready.stdout + ready.stderr);
    assert.equal(ready.stdout, `ready: this node mounts ${server}:${exportPath}\n`);
    const refused = await runClient(outsider, "check", { server, answerWithin: 15 });
    assert.equal(refused.exitCode, 3);
    assert.ok(
      refused.stdout.includes(`differs: ${server} does not serve ${exportPath} to this node`),
      refused.stdout,
    );
  });

  it("names no client but those asked", async () => {
    const table = await must(machines().bare, `exportfs -s | grep '^${exportPath} '`);
    assert.deepEqual(
      table
        .split("\n")
        .map((line) => line.replace(/^\S+\s+([^(]*)\(.*/, "$1"))
        .sort(),
      [...clientNetworks].sort(),
    );
  });
});
