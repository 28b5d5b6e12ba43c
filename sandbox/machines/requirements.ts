import { existsSync } from "node:fs";
import * as path from "node:path";

import { execute } from "./execute";

/** Debian's package for each program needed here. */
const programs: Readonly<Record<string, string>> = {
  "qemu-system-x86_64": "qemu-system-x86",
  "qemu-img": "qemu-utils",
  // Of the images whose pods have a shell.
  busybox: "busybox-static",
  mmdebstrap: "mmdebstrap",
  "dpkg-scanpackages": "dpkg-dev",
  "mkfs.ext4": "e2fsprogs",
  ip: "iproute2",
  nsenter: "util-linux",
  setpriv: "util-linux",
  unshare: "util-linux",
  ssh: "openssh-client",
  "ssh-keygen": "openssh-client",
  // Of the node that this machine itself is.
  runc: "runc",
  "host-local": "containernetworking-plugins",
};

/** Why this machine cannot run the machines, with what to do about it; undefined when it can. */
export function canRunMachines(): string | undefined {
  if (process.platform !== "linux" || process.arch !== "x64") return "the machines need Linux on x86-64";
  if (process.getuid?.() !== 0) return "the machines need root, for a network of their own: run it with sudo";
  if (!existsSync("/dev/net/tun")) return "the machines need /dev/net/tun: load the kernel's tun module";
  const missing = missingPackages();
  if (missing.length > 0)
    return `the machines need ${missing.join(", ")}: apt-get install ${missing.join(" ")}`;
  return undefined;
}

/** Installs the Debian packages that are missing, and says which. Does nothing without root or apt-get. */
export async function installMachinePackages(log: (line: string) => void): Promise<void> {
  const missing = missingPackages();
  if (missing.length === 0 || process.getuid?.() !== 0 || !isInstalled("apt-get")) return;
  log(`installing ${missing.join(", ")} for the machines`);
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const wait = ["-o", "DPkg::Lock::Timeout=300", "--quiet=2"];
  await execute("apt-get", [...wait, "update"], { env });
  await execute("apt-get", [...wait, "install", "--yes", "--no-install-recommends", ...missing], { env });
}

function missingPackages(): string[] {
  const missing = Object.entries(programs).filter(([program]) => !isInstalled(program));
  return [...new Set(missing.map(([, debianPackage]) => debianPackage))];
}

function isInstalled(program: string): boolean {
  const folders = [...(process.env["PATH"] ?? "").split(":"), "/usr/sbin", "/sbin", "/bin", "/usr/lib/cni"];
  return folders.some((folder) => existsSync(path.join(folder, program)));
}
