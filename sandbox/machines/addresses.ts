import type { Suite } from "./suites";

export type MachineName = "bare" | "server" | "server13" | "enforcing" | "client" | "outsider";

export const machineNames: readonly MachineName[] = [
  "bare",
  "server",
  "server13",
  "enforcing",
  "client",
  "outsider",
];

/** What each runs: the oldest Debian that a server may have, and the one after it. */
export const suiteOf: Readonly<Record<MachineName, Suite>> = {
  bare: "bookworm",
  server: "bookworm",
  server13: "trixie",
  enforcing: "trixie",
  client: "bookworm",
  outsider: "bookworm",
};

/** What a machine has installed when it starts: see image/build.sh. */
export type Role = "bare" | "server" | "enforcing" | "client";

export const roleOf: Readonly<Record<MachineName, Role>> = {
  bare: "bare",
  server: "server",
  server13: "server",
  enforcing: "enforcing",
  client: "client",
  outsider: "client",
};

/** In what roles machines of each release are started; for each a machine is booted and saved. */
export const rolesOf: Readonly<Record<Suite, readonly Role[]>> = {
  bookworm: ["bare", "server", "client"],
  trixie: ["server", "enforcing"],
};

/** What the kernel is told for each, besides what it is told for all. */
export const kernelOptionsOf: Readonly<Partial<Record<Role, string>>> = {
  enforcing: "security=selinux enforcing=1",
};

export interface Addresses {
  readonly ipv4: string;
  readonly ipv6: string;
  readonly mac: string;
}

/** On one wire, so that nothing but the server's own rules keeps the outsider out. image/files/etc/hosts has them too. */
const addresses: Readonly<Record<MachineName, Addresses>> = {
  bare: { ipv4: "10.97.4.11", ipv6: "fd00:97:4::11", mac: "52:54:00:97:00:11" },
  server: { ipv4: "10.97.0.10", ipv6: "fd00:97::10", mac: "52:54:00:97:00:10" },
  server13: { ipv4: "10.97.3.13", ipv6: "fd00:97:3::13", mac: "52:54:00:97:00:13" },
  enforcing: { ipv4: "10.97.5.14", ipv6: "fd00:97:5::14", mac: "52:54:00:97:00:14" },
  client: { ipv4: "10.97.1.20", ipv6: "fd00:97:1::20", mac: "52:54:00:97:00:20" },
  outsider: { ipv4: "10.97.2.30", ipv6: "fd00:97:2::30", mac: "52:54:00:97:00:30" },
};

/** A machine's addresses on the NFS network, as exports and firewalls see them. */
export function addressesOf(name: MachineName): Addresses {
  return addresses[name];
}

/** The network that holds this machine and no other: what an export names to let it in. */
export function networksOf(name: MachineName): { ipv4: string; ipv6: string } {
  const { ipv4, ipv6 } = addresses[name];
  return { ipv4: ipv4.replace(/\d+$/, "0/24"), ipv6: ipv6.replace(/::.*$/, "::/48") };
}
