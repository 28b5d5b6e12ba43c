import { mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";

import { UserError } from "../../errors";
import { freePorts } from "../control-plane/ports";
import { startTime, stopProcesses } from "../process";
import { machineNames, suiteOf, type MachineName } from "./addresses";
import { buildImage, type Image } from "./image";
import type { Suite } from "./suites";
import { createKeyPair } from "./keys";
import { Machine } from "./machine";
import { openNetwork } from "./network";
import { canRunMachines, installMachinePackages } from "./requirements";
import { seedFiles, writeSeedDisk } from "./seed";

export { networksOf, type MachineName } from "./addresses";
export { wantFirewall } from "./firewall";
export type { Machine } from "./machine";
export { canRunMachines, installMachinePackages } from "./requirements";
export type { CommandResult, RunOptions, SshAccess } from "./ssh";

/**
 * Linux machines on one wire: NFS servers (Debian 12, without NFS and with it, and 13, and 13 with SELinux enforcing), a client to
 * be let in and one to be kept out.
 */
export interface MachineNetwork {
  readonly bare: Machine;
  readonly server: Machine;
  readonly server13: Machine;
  readonly enforcing: Machine;
  readonly client: Machine;
  readonly outsider: Machine;
  /** Ends the machines and their network; logs stay when `directory` was given. */
  stop(): Promise<void>;
}

export interface MachineOptions {
  /** Where disks, keys and logs go; a leftover of an earlier run there is cleared. Default: a temporary one. */
  readonly directory?: string;
  /** Default: all. */
  readonly machines?: readonly MachineName[];
  readonly log?: (line: string) => void;
}

/**
 * Starts the machines, side by side, and returns when all take commands. They end with this program, however it ends.
 */
export async function startMachines(options: MachineOptions = {}): Promise<MachineNetwork> {
  const log = options.log ?? ((line: string) => console.error(line));
  await installMachinePackages(log);
  const reason = canRunMachines();
  if (reason) throw new UserError(reason);

  const directory = options.directory ?? temporaryDirectory();
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  await stopProcesses(directory);
  const tidy = () => {
    if (!options.directory) rmSync(directory, { recursive: true, force: true });
  };
  process.once("exit", tidy);
  const stop = async () => {
    await stopProcesses(directory);
    tidy();
  };
  try {
    const machines = await createMachines(directory, log);
    const boot = options.machines ?? machineNames;
    if (boot.length > 0) log(`starting ${boot.join(", ")}`);
    await Promise.all(boot.map((name) => machines[name].start()));
    return { ...machines, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function createMachines(
  directory: string,
  log: (line: string) => void,
): Promise<Record<MachineName, Machine>> {
  const images = new Map<Suite, Promise<Image>>();
  const imageOf = (suite: Suite): Promise<Image> => {
    const image = images.get(suite) ?? buildImage(suite, log);
    images.set(suite, image);
    return image;
  };
  const network = await openNetwork(directory);
  const clientKey = await createKeyPair(path.join(directory, "client_key"));
  const ports = await freePorts(machineNames.length);
  const create = async (name: MachineName, port: number) => {
    const hostKey = await createKeyPair(path.join(directory, `${name}_host_key`));
    await writeSeedDisk(path.join(directory, `${name}.seed`), seedFiles(name, hostKey, clientKey));
    return new Machine(name, directory, () => imageOf(suiteOf[name]), network, port, hostKey, clientKey);
  };
  return {
    bare: await create("bare", ports[0]!),
    server: await create("server", ports[1]!),
    server13: await create("server13", ports[2]!),
    enforcing: await create("enforcing", ports[3]!),
    client: await create("client", ports[4]!),
    outsider: await create("outsider", ports[5]!),
  };
}

/** Named after this program, so that a later one can tell what a killed one left. */
function temporaryDirectory(): string {
  const prefix = "image-registry-machines";
  for (const name of readdirSync(tmpdir())) {
    const pid = /^image-registry-machines-(\d+)-/.exec(name)?.[1];
    if (pid && !startTime(Number(pid))) rmSync(path.join(tmpdir(), name), { recursive: true, force: true });
  }
  return mkdtempSync(path.join(tmpdir(), `${prefix}-${process.pid}-`));
}
