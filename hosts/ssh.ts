import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { quote } from "./quote";

/** How a host is reached, in the terms of @pulumi/command's connection. */
export interface SshHost {
  readonly host: string;
  /** @default 22 */
  readonly port?: number;
  /** @default "root" */
  readonly user?: string;
  /** The one public key to accept: "ssh-ed25519 AAAA…". */
  readonly hostKey: string;
  /** PEM text. */
  readonly privateKey: string;
  /** @default 10 */
  readonly dialErrorLimit?: number;
  /** Seconds. @default 15 */
  readonly perDialTimeout?: number;
}

/** The host, and the bastion it is reached through, if any. */
export interface SshConnection extends SshHost {
  readonly proxy?: SshHost;
}

/**
 * The system's ssh on its way to run `command` there, as a program and its arguments. What it must know of keys is put
 * into `directory`, which is the caller's to remove.
 */
export function sshCommandLine(connection: SshConnection, directory: string, command: string): string[] {
  const { proxy, ...host } = connection;
  const { flags, destination } = sshTo(host, directory, "host");
  return ["ssh", ...flags, ...throughBastion(proxy, host, directory), destination, command];
}

function throughBastion(bastion: SshHost | undefined, { host, port = 22 }: SshHost, directory: string) {
  if (!bastion) return [];
  const { flags, destination } = sshTo(bastion, directory, "bastion");
  const to = host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
  // For a shell, and % stands for something to ssh before it does.
  const line = ["ssh", ...flags, "-W", to, destination].map(quote).join(" ").replaceAll("%", "%%");
  return ["-o", `ProxyCommand=${line}`];
}

function sshTo({ host, port = 22, user = "root", ...more }: SshHost, directory: string, name: string) {
  const { hostKey, privateKey, dialErrorLimit = 10, perDialTimeout = 15 } = more;
  const knownHosts = join(directory, `${name}.known_hosts`);
  writeFileSync(knownHosts, `[${host}]:${port} ${hostKey}\n`);
  const key = join(directory, `${name}.key`);
  writeFileSync(key, `${privateKey.trimEnd()}\n`, { mode: 0o600 });
  const options = {
    BatchMode: "yes",
    StrictHostKeyChecking: "yes",
    // ssh splits it at blanks.
    UserKnownHostsFile: `"${knownHosts}"`,
    GlobalKnownHostsFile: "/dev/null",
    // Without a host name ssh looks up the plain address for port 22.
    HostKeyAlias: `[${host}]:${port}`,
    IdentityFile: `"${key}"`,
    IdentitiesOnly: "yes",
    ConnectTimeout: String(perDialTimeout),
    ConnectionAttempts: String(dialErrorLimit + 1),
    LogLevel: "ERROR",
  };
  const flags = Object.entries(options).flatMap(([option, value]) => ["-o", `${option}=${value}`]);
  return { flags: ["-F", "/dev/null", ...flags, "-p", String(port)], destination: `${user}@${host}` };
}
