import { existsSync, readFileSync, rmSync } from "node:fs";
import * as path from "node:path";

import { startProcess, type SandboxProcess } from "../process";
import { execute } from "./execute";
import { endingWithThisProgram } from "./network";

export type Accelerator = "kvm" | "tcg,thread=multi";

export interface Hardware {
  readonly name: string;
  /** QEMU's -drive options of the root disk. */
  readonly disk: string;
  /** Holds kernel and initrd. */
  readonly imageFolder: string;
  readonly accelerator: Accelerator;
  /** More of the kernel's command line. */
  readonly kernelOptions?: string | undefined;
  /** The loopback port that leads to the machine's port 22. */
  readonly sshPort?: number;
  readonly more?: readonly string[];
}

/**
 * Programs at random addresses are translated anew each time one is started, which takes as long again as the program. And
 * beside busy neighbours Linux mistrusts the processor's clock, and would ask one that is a device instead.
 */
const fastWhenEmulated = "norandmaps mitigations=off init_on_alloc=0 tsc=reliable";

/**
 * Paths are relative to the directory the machine runs in. A saved machine goes on only in the same hardware, so
 * nothing here but names and files may depend on the machine.
 */
export function qemuArguments({
  name,
  disk,
  imageFolder,
  accelerator,
  kernelOptions = "",
  sshPort,
  more = [],
}: Hardware): string[] {
  const forward = sshPort ? `,hostfwd=tcp:127.0.0.1:${sshPort}-:22` : "";
  return [
    ...["-name", name, "-nodefaults", "-no-user-config", "-display", "none"],
    ...["-accel", accelerator, "-cpu", "max", "-m", "512", "-device", "virtio-rng-pci"],
    // With QEMU as the boot loader, a reset boots again.
    ...["-kernel", path.join(imageFolder, "kernel"), "-initrd", path.join(imageFolder, "initrd")],
    ...[
      "-append",
      `root=/dev/vda rw console=ttyS0 quiet fsck.mode=skip ${fastWhenEmulated} ${kernelOptions}`,
    ],
    ...["-chardev", `file,id=console,path=${consoleLog(name)},append=on`, "-serial", "chardev:console"],
    ...["-drive", `if=virtio,${disk}`],
    ...["-drive", `if=virtio,file=${name}.seed,format=raw,readonly=on`],
    // Their slots give the names they have inside: ens3 and ens4.
    ...["-netdev", `user,id=management,restrict=on${forward}`],
    ...["-device", "virtio-net-pci,netdev=management,addr=0x3,romfile="],
    ...["-netdev", `tap,id=nfs,script=${path.join(__dirname, "tap-up.sh")},downscript=no`],
    ...["-device", "virtio-net-pci,netdev=nfs,addr=0x4,romfile="],
    ...more,
  ];
}

export async function startQemu(
  directory: string,
  network: SandboxProcess,
  hardware: Hardware,
): Promise<SandboxProcess> {
  const environment = [`MACHINE=${hardware.name}`, `NETWORK_PID=${network.pid}`];
  return startProcess(directory, {
    name: hardware.name,
    ...endingWithThisProgram("env", [...environment, "qemu-system-x86_64", ...qemuArguments(hardware)]),
  });
}

export function consoleLog(name: string): string {
  return path.join("logs", `${name}.console.log`);
}

/**
 * KVM can be offered and still start no guest (inside some virtual machines), so the kernel itself is tried: without a
 * root file system it panics within a second, and the panic ends QEMU.
 */
export async function fastestAccelerator(imageFolder: string): Promise<Accelerator> {
  if (!existsSync("/dev/kvm")) return "tcg,thread=multi";
  const console = path.join(imageFolder, "kvm.log");
  const probe = execute(
    "qemu-system-x86_64",
    [
      ...["-accel", "kvm", "-cpu", "max", "-m", "256", "-nodefaults", "-display", "none", "-no-reboot"],
      ...["-serial", `file:${console}`, "-kernel", path.join(imageFolder, "kernel")],
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
