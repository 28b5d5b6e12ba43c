import * as path from "node:path";
import { canRunMachines, networksOf, startMachines } from "./machines";
import { fullKey, stackConfiguration } from "../stack/stack-file";

/** The Linux host behind a stack's NFS volume, and the configuration that points the stack to it. */
export interface SandboxExportHost {
  readonly overlay: Record<string, unknown>;
  stop(): Promise<void>;
}

// The machine's disk is small, and the stack checks that the volume's size is free on it.
const size = "1Gi";

/** Boots a real NFS host for a stack whose backend is nfs; undefined when it needs none, or none can be had here. */
export async function startExportHost(
  stack: string,
  directory: string,
  log: (line: string) => void,
): Promise<SandboxExportHost | undefined> {
  const config = stackConfiguration(stack, {});
  if (config[fullKey("backend")] !== "nfs") return undefined;
  const reason = canRunMachines();
  if (reason) {
    log(`no NFS host: ${reason}; the volume is made, and nothing serves it`);
    return undefined;
  }
  const hosts = await startMachines({ directory: path.join(directory, "hosts"), machines: ["server"], log });
  const { ssh, networkAddress } = hosts.server;
  const { ipv4, ipv6 } = networksOf("client");
  const nfs = JSON.parse(config[fullKey("nfs")] ?? "{}") as Record<string, unknown>;
  const host = {
    address: ssh.host,
    port: ssh.port,
    user: ssh.user,
    hostKey: ssh.hostKey,
    clients: [ipv4, ipv6],
    uid: 5000,
    gid: 5000,
  };
  return {
    overlay: { nfs: { ...nfs, server: networkAddress, size, host }, sshPrivateKey: ssh.privateKey },
    stop: () => hosts.stop(),
  };
}
