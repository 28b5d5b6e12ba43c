import { mkdirSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import * as path from "node:path";

import { addressesOf, type MachineName } from "./addresses";
import { execute } from "./execute";
import type { KeyPair } from "./keys";

/** The empty disk that an image's machine is saved with and a run's own have the same size. */
export const seedDiskBytes = 64 * 1024;

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
