import { readFileSync } from "node:fs";

import { isRunning, logTail, startProcess, type SandboxProcess } from "../process";
import { sleep } from "../wait";

/** Without snooping the bridge floods multicast, so IPv6 neighbours are found at once. */
const createBridge = [
  "ip link set lo up",
  "ip link add name nfs type bridge mcast_snooping 0",
  "ip link set nfs up",
  "echo ready",
  "exec sleep infinity",
].join(" && ");

/**
 * Opens a network namespace with one bridge in it. It has no name and no address: it lives as long as the process that
 * holds it, which the kernel ends with this program. So no run can meet another's, or leave one behind.
 */
export async function openNetwork(directory: string): Promise<SandboxProcess> {
  const holder = await startProcess(directory, {
    name: "network",
    ...endingWithThisProgram("unshare", ["--net", "sh", "-c", createBridge]),
  });
  while (!readFileSync(holder.log, "utf8").includes("ready")) {
    if (!isRunning(holder)) throw new Error(`the machines' network cannot be made: ${logTail(holder)}`);
    await sleep(20);
  }
  return holder;
}

/** setpriv becomes the program: the pid stays. */
export function endingWithThisProgram(command: string, args: readonly string[]) {
  return { command: "setpriv", args: ["--pdeathsig", "KILL", command, ...args] };
}
