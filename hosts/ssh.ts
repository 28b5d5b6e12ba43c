import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { checkServer, checkUser } from "./export-checks";
import { InvalidHost } from "./export-spec";
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
  /** Opens an encrypted private key. @default none */
  readonly privateKeyPassword?: string;
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
 * What ssh must have in its environment to open encrypted keys: it asks a program, which answers from `directory`, by the
 * name of the key in the question. Nothing secret is in an argument or in the environment, which others can see.
 */
export function sshEnvironment(directory: string): Record<string, string> {
  // DISPLAY is what ssh before 8.4 goes by.
  return {
    SSH_ASKPASS: join(directory, "askpass"),
    SSH_ASKPASS_REQUIRE: "force",
    DISPLAY: process.env.DISPLAY || ":0",
  };
}

const askpass = `#!/bin/sh
key=\${1#*\\'}
cat "\${key%\\'*}.password"
`;

/**
 * The system's ssh on its way to run `command` there, as a program and its arguments. What it must know of keys is put
 * into `directory`, which is the caller's to remove.
 */
export function sshCommandLine(connection: SshConnection, directory: string, command: string): string[] {
  const { proxy, ...host } = connection;
  const { flags, destination } = sshTo(host, directory, "host");
  return ["ssh", ...throughBastion(proxy, host, directory), ...flags, destination, command];
}

function throughBastion(bastion: SshHost | undefined, { host, port = 22 }: SshHost, directory: string) {
  if (!bastion) return [];
  const { flags, destination } = sshTo(bastion, directory, "bastion");
  const to = host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
  // For a shell, and % stands for something to ssh before it does.
  const line = ["ssh", "-W", to, ...flags, destination].map(quote).join(" ").replaceAll("%", "%%");
  return ["-o", `ProxyCommand=${line}`];
}

function sshTo({ host, port = 22, user = "root", ...more }: SshHost, directory: string, name: string) {
  const problem = checkServer(host) ?? checkUser(user);
  if (problem) throw new InvalidHost(`connection: ${problem}`);
  const { hostKey, privateKey, privateKeyPassword, dialErrorLimit = 10, perDialTimeout = 15 } = more;
  const knownHosts = join(directory, `${name}.known_hosts`);
  writeFileSync(knownHosts, `[${host}]:${port} ${hostKey}\n`);
  const key = join(directory, `${name}.key`);
  // ssh knows a key by its first line, and by that line's end.
  writeFileSync(key, `${privateKey.trim().replaceAll("\r\n", "\n")}\n`, { mode: 0o600 });
  if (privateKeyPassword !== undefined) {
    writeFileSync(`${key}.password`, `${privateKeyPassword}\n`, { mode: 0o600 });
    writeFileSync(join(directory, "askpass"), askpass, { mode: 0o700 });
  }
  const options = {
    User: user,
    // It would not ask for the key's password either; no other question is left to be asked.
    BatchMode: privateKeyPassword === undefined ? "yes" : "no",
    PasswordAuthentication: "no",
    KbdInteractiveAuthentication: "no",
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
  return { flags: ["-F", "/dev/null", ...flags, "-p", String(port), "--"], destination: host };
}
