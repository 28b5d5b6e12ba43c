import {
  createReadStream,
  createWriteStream,
  mkdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import * as path from "node:path";
import { pipeline } from "node:stream/promises";

import { addressesOf, type MachineName } from "./addresses";
import { execute } from "./execute";
import type { KeyPair } from "./keys";

/** The seed comes first on its disk, image/files/usr/local/sbin/seed reads this much; deliveries follow. */
const seedBytes = 64 * 1024;

/** The empty disk that an image's machine is saved with and a run's own have the same size. Mostly a hole. */
export const seedDiskBytes = seedBytes + 1024 ** 3;

/** What a machine is told when it first starts, by path. */
export function seedFiles(name: MachineName, hostKey: KeyPair, clientKey: KeyPair): Record<string, string> {
  const { ipv4, ipv6, mac } = addressesOf(name);
  return {
    "etc/hostname": `${name}\n`,
    "etc/ssh/ssh_host_ed25519_key": hostKey.privateKey,
    "etc/ssh/ssh_host_ed25519_key.pub": `${hostKey.publicKey}\n`,
    "etc/ssh/authorized_keys": `${clientKey.publicKey}\n`,
    "etc/systemd/network/nfs.network": [
      "[Match]",
      "Name=ens4",
      "[Link]",
      `MACAddress=${mac}`,
      "[Network]",
      "IPv6AcceptRA=no",
      ...[`${ipv4}/16`, `${ipv6}/32`].flatMap((address) => [
        "[Address]",
        `Address=${address}`,
        "DuplicateAddressDetection=none",
      ]),
      "",
    ].join("\n"),
  };
}

/** Writes the files as the raw disk that image/files/usr/local/sbin/seed unpacks: a tar archive. */
export async function writeSeedDisk(disk: string, files: Record<string, string>): Promise<void> {
  const folder = `${disk}.files`;
  for (const [file, text] of Object.entries(files)) {
    const target = path.join(folder, file);
    mkdirSync(path.dirname(target), { recursive: true });
    writeFileSync(target, text, { mode: file.endsWith("_key") ? 0o600 : 0o644 });
  }
  const owned = ["--owner=0", "--group=0", "--mode=go-w"];
  await execute("tar", [
    "--create",
    `--file=${disk}`,
    `--directory=${folder}`,
    ...owned,
    ...Object.keys(files),
  ]);
  truncateSync(disk, seedDiskBytes);
  rmSync(folder, { recursive: true });
}

/** Puts a folder's content on the seed disk of a machine, running or not; gives the command that unpacks it there. */
export async function writeDelivery(disk: string, folder: string, target: string): Promise<string> {
  const archive = `${disk}.tar`;
  await execute("tar", [
    "--create",
    `--file=${archive}`,
    `--directory=${folder}`,
    "--owner=0",
    "--group=0",
    ".",
  ]);
  const { size } = statSync(archive);
  if (seedBytes + size > seedDiskBytes)
    throw new Error(`${folder} is larger than the seed disk: ${size} bytes`);
  await pipeline(createReadStream(archive), createWriteStream(disk, { flags: "r+", start: seedBytes }));
  rmSync(archive);
  // Past the page cache, which may hold what was there before.
  const read = `dd if=/dev/vdb bs=${seedBytes} skip=1 count=${Math.ceil(size / seedBytes)} iflag=direct status=none`;
  return `mkdir -p ${target} && ${read} | tar --extract --no-overwrite-dir --directory=${target}`;
}
