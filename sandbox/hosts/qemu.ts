import { existsSync, readFileSync, rmSync } from "node:fs";
import * as path from "node:path";

import { startProcess, type SandboxProcess } from "../process";
import type { MachineName } from "./addresses";
import { execute } from "./execute";
import type { Image } from "./image";
import { endingWithThisProgram } from "./network";

export interface Hardware {
  readonly name: MachineName;
  readonly image: Image;
  readonly accelerator: Accelerator;
  /** The loopback port that leads to the machine's port 22. */
  readonly sshPort: number;
}

type Accelerator = "kvm" | "tcg,thread=multi";

/** Paths are relative to the directory the machine runs in. */
export function qemuArguments({ name, image, accelerator, sshPort }: Hardware): string[] {
  // With the kernel's command line as the boot loader, a reset boots again.
  const kernelArguments = `root=/dev/vda rw console=ttyS0 quiet fsck.mode=skip systemd.hostname=${name}`;
  const mac = `52:54:00:00:00:${machineByte(name)}`;
  return [
    ...["-name", name, "-nodefaults", "-no-user-config", "-display", "none"],
    ...["-accel", accelerator, "-cpu", "max", "-m", "512"],
    ...["-kernel", path.join(image.folder, "kernel"), "-initrd", path.join(image.folder, "initrd")],
    ...["-append", kernelArguments, "-device", "virtio-rng-pci"],
    ...["-chardev", `file,id=console,path=logs/${name}.console.log,append=on`, "-serial", "chardev:console"],
    ...["-drive", `file=${name}.qcow2,if=virtio`],
    ...["-drive", `file=${name}.seed,if=virtio,format=raw,readonly=on`],
    // Slots give the names the guest knows them by: ens3 and ens4.
    ...["-netdev", `user,id=management,restrict=on,hostfwd=tcp:127.0.0.1:${sshPort}-:22`],
    ...["-device", "virtio-net-pci,netdev=management,addr=0x3,romfile="],
    ...["-netdev", `tap,id=nfs,script=${path.join(__dirname, "tap-up.sh")},downscript=no`],
    ...["-device", `virtio-net-pci,netdev=nfs,addr=0x4,romfile=,mac=${mac}`],
  ];
}

/** Powers a machine on, on its disk as it is. */
export async function startQemu(
  directory: string,
  hardware: Hardware,
  network: SandboxProcess,
): Promise<SandboxProcess> {
  const environment = [`MACHINE=${hardware.name}`, `NETWORK_PID=${network.pid}`];
  return startProcess(directory, {
    name: hardware.name,
    ...endingWithThisProgram("env", [...environment, "qemu-system-x86_64", ...qemuArguments(hardware)]),
  });
}

export async function createDisk(directory: string, name: MachineName, image: Image): Promise<void> {
  const base = path.join(image.folder, name === "server" ? "server.ext4" : "client.ext4");
  const disk = path.join(directory, `${name}.qcow2`);
  await execute("qemu-img", ["create", "-q", "-f", "qcow2", "-F", "raw", "-b", base, disk]);
}

/**
 * KVM can be offered and still start no guest (inside some virtual machines), so the kernel itself is tried: without a
 * root file system it panics within a second, and the panic ends QEMU.
 */
export async function fastestAccelerator(directory: string, image: Image): Promise<Accelerator> {
  if (!existsSync("/dev/kvm")) return "tcg,thread=multi";
  const console = path.join(directory, "kvm-probe.log");
  const probe = execute(
    "qemu-system-x86_64",
    [
      ...["-accel", "kvm", "-cpu", "max", "-m", "256", "-nodefaults", "-display", "none", "-no-reboot"],
      ...["-serial", `file:${console}`, "-kernel", path.join(image.folder, "kernel")],
      ...["-append", "console=ttyS0 panic=-1"],
    ],
    { timeout: 5000 },
  );
  const ended = await probe.then(
    () => true,
    () => false,
  );
  const works = ended && readFileSync(console, "utf8").includes("Kernel panic");
  rmSync(console, { force: true });
  return works ? "kvm" : "tcg,thread=multi";
}

function machineByte(name: MachineName): string {
  return { server: "10", client: "20", outsider: "30" }[name];
}
