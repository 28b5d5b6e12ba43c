import { readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import * as path from "node:path";

import { isRunning, logTail, stopProcesses, type SandboxProcess } from "../process";
import { sleep } from "../wait";
import { kernelOptionsOf, type Role } from "./addresses";
import { openNetwork } from "./network";
import { consoleLog, startQemu, type Accelerator } from "./qemu";
import { seedDiskBytes } from "./seed";

const bootSeconds = 900;

/**
 * Boots the disk `<role>.ext4` of this folder once, up to where it waits for its seed, and saves the machine's memory
 * as `<role>.state`. Machines that go on from there take a second or two instead of a boot.
 */
export async function saveBooted(folder: string, role: Role, accelerator: Accelerator): Promise<void> {
  const seed = path.join(folder, `${role}.seed`);
  writeFileSync(seed, "");
  truncateSync(seed, seedDiskBytes);
  try {
    const network = await openNetwork(folder);
    const machine = await startQemu(folder, network, {
      name: role,
      disk: `file=${role}.ext4,format=raw`,
      imageFolder: folder,
      accelerator,
      kernelOptions: kernelOptionsOf[role],
      more: ["-monitor", "unix:monitor,server=on,wait=off"],
    });
    await untilBooted(folder, machine);
    // A machine stopped before would stay stopped in every run; `migrate` stops it at the end.
    await tellMonitor(machine, [
      "migrate_set_parameter max-bandwidth 10G",
      `migrate "exec:cat > ${role}.state"`,
      "quit",
    ]);
    while (isRunning(machine)) await sleep(50);
    if (statSync(path.join(folder, `${role}.state`)).size === 0) throw new Error(logTail(machine));
  } finally {
    await stopProcesses(folder);
    for (const left of ["processes", "logs", "monitor", `${role}.seed`]) {
      rmSync(path.join(folder, left), { recursive: true, force: true });
    }
  }
}

async function untilBooted(folder: string, machine: SandboxProcess): Promise<void> {
  const deadline = Date.now() + bootSeconds * 1000;
  const console = path.join(folder, consoleLog(machine.name));
  while (!read(console).includes("waiting for the seed")) {
    if (!isRunning(machine) || Date.now() > deadline) {
      throw new Error(`the image does not boot:\n${read(console).slice(-2000)}\n${logTail(machine)}`);
    }
    await sleep(200);
  }
}

async function tellMonitor(machine: SandboxProcess, commands: readonly string[]): Promise<void> {
  // The folder's own path may be longer than a socket's name can be.
  const socket = connect(`/proc/${machine.pid}/cwd/monitor`);
  socket.resume().write(commands.map((command) => `${command}\n`).join(""));
  await new Promise((resolve) => socket.once("error", resolve).once("close", resolve));
}

function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return ""; // QEMU has not made it yet
  }
}
