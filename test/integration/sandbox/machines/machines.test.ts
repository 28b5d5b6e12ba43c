import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";

import { machineNames, networksOf } from "../../../../sandbox/machines/addresses";
import { qemuArguments } from "../../../../sandbox/machines/qemu";
import { seedDiskBytes, seedFiles, writeDelivery, writeSeedDisk } from "../../../../sandbox/machines/seed";
import { runOnMachine } from "../../../../sandbox/machines/ssh";

const hostKey = { file: "h", privateKey: "HOST PRIVATE", publicKey: "ssh-ed25519 HOST" };
const clientKey = { file: "c", privateKey: "CLIENT PRIVATE", publicKey: "ssh-ed25519 CLIENT" };

describe("a machine of the NFS hosts", () => {
  const hardware = {
    name: "server",
    disk: "file=server.qcow2",
    imageFolder: "/image",
    accelerator: "kvm",
    sshPort: 2200,
  } as const;

  it("is reached from loopback alone, and reaches nothing through that network", () => {
    const netdev = qemuArguments(hardware).find((argument) => argument.startsWith("user,"));
    assert.equal(netdev, "user,id=management,restrict=on,hostfwd=tcp:127.0.0.1:2200-:22");
  });

  it("has the same hardware under every name, as a saved machine needs it", () => {
    const nameless = (name: string) =>
      qemuArguments({ ...hardware, name, disk: `file=${name}.qcow2` }).map((argument) =>
        argument.replaceAll(name, "NAME"),
      );
    assert.deepEqual(nameless("server"), nameless("outsider"));
  });

  it("gives the command's result where the command ends before it has read its input", async () => {
    const nobodyHere = { port: 1, keyFile: "/dev/null", knownHosts: "/dev/null" };
    const { exitCode, stderr } = await runOnMachine(nobodyHere, "true", { input: "x".repeat(1 << 22) });
    assert.equal(exitCode, 255);
    assert.match(stderr, /Connection refused/);
  });

  it("is told its name, addresses and keys by its seed, but never the client's private key", () => {
    const files = seedFiles("client", hostKey, clientKey);
    assert.equal(files["etc/hostname"], "client\n");
    assert.equal(files["etc/ssh/authorized_keys"], "ssh-ed25519 CLIENT\n");
    assert.match(files["etc/systemd/network/nfs.network"]!, /^Address=10\.97\.1\.20\/16$/m);
    assert.ok(!Object.values(files).join().includes("CLIENT PRIVATE"));
  });

  it("has a network of its own to be named in an export", () => {
    assert.deepEqual(networksOf("client"), { ipv4: "10.97.1.0/24", ipv6: "fd00:97:1::/48" });
    const all = machineNames.map(networksOf).flatMap(({ ipv4, ipv6 }) => [ipv4, ipv6]);
    assert.equal(new Set(all).size, 2 * machineNames.length);
  });
});

describe("a seed disk", () => {
  const folder = mkdtempSync(path.join(tmpdir(), "seed-"));
  after(() => rmSync(folder, { recursive: true }));

  it("is an archive of the files as root's, private keys unreadable to others, in a disk of fixed size", async () => {
    const disk = path.join(folder, "server.seed");
    await writeSeedDisk(disk, seedFiles("server", hostKey, clientKey));
    assert.equal(statSync(disk).size, seedDiskBytes);
    const listing = execFileSync("tar", ["--list", "--verbose", "--numeric-owner", `--file=${disk}`], {
      encoding: "utf8",
    });
    assert.match(listing, /^-rw------- 0\/0 .* etc\/ssh\/ssh_host_ed25519_key$/m);
    assert.match(listing, /^-rw-r--r-- 0\/0 .* etc\/ssh\/authorized_keys$/m);
  });

  it("carries later files behind the seed, which stays for the next start", async () => {
    const disk = path.join(folder, "client.seed");
    await writeSeedDisk(disk, seedFiles("client", hostKey, clientKey));
    const list = () => execFileSync("tar", ["--list", `--file=${disk}`], { encoding: "utf8" });
    const seed = list();
    const files = path.join(folder, "files");
    mkdirSync(files);
    for (const text of ["a long first delivery".repeat(100_000), "second"]) {
      writeFileSync(path.join(files, "file"), text);
      const unpack = await writeDelivery(disk, files, path.join(folder, "unpacked"));
      execFileSync("sh", ["-c", unpack.replace("/dev/vdb", disk)]);
      assert.equal(readFileSync(path.join(folder, "unpacked/file"), "utf8"), text);
    }
    assert.equal(list(), seed);
    assert.equal(statSync(disk).size, seedDiskBytes);
  });
});
