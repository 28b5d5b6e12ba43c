import { execute } from "./execute";

/** The way to a machine, by files of this one. */
export interface SshRoute {
  readonly port: number;
  readonly keyFile: string;
  readonly knownHosts: string;
  /**
   * Where commands of one user find the connection that the first of them made, and left open: a handshake takes an
   * emulated processor seconds. It ends with the machine. Default: a connection for each command.
   */
  readonly shared?: string;
}

/** All that a client needs to reach a machine, in the terms of @pulumi/command's connection. */
export interface SshAccess {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** PEM text. */
  readonly privateKey: string;
  /** `ssh-ed25519 AAAA…` */
  readonly hostKey: string;
}

export interface CommandResult {
  readonly stdout: string;
  readonly stderr: string;
  /** ssh's own failures are 255. */
  readonly exitCode: number;
}

export interface RunOptions {
  /** Default: root. `ops` may use sudo without a password. */
  readonly user?: "root" | "ops";
  readonly input?: string;
  /** After which the connection is cut, though not the command. Default 900. */
  readonly timeoutSeconds?: number;
  /** With a login of its own, as a run of Pulumi's has it. Default: over the connection of the commands before. */
  readonly ownLogin?: boolean;
}

export async function runOnMachine(
  route: SshRoute,
  command: string,
  { user = "root", input = "", timeoutSeconds = 900, ownLogin = false }: RunOptions = {},
): Promise<CommandResult> {
  const sharing =
    route.shared && !ownLogin
      ? ["-o", "ControlMaster=auto", "-o", "ControlPersist=yes", "-S", `${route.shared}.${user}`]
      : [];
  const ssh = execute("ssh", [...sshOptions(route), ...sharing, `${user}@127.0.0.1`, "--", command], {
    timeout: timeoutSeconds * 1000,
    maxBuffer: 64 << 20,
  });
  ssh.child.stdin?.on("error", () => undefined).end(input); // a command may end before it is written
  try {
    return { ...(await ssh), exitCode: 0 };
  } catch (error) {
    const { stdout, stderr, code, killed } = error as CommandResult & { code: unknown; killed: boolean };
    if (killed) throw new Error(`no end after ${timeoutSeconds} s: ${command}\n${stdout}${stderr}`);
    if (typeof code !== "number") throw error;
    return { stdout, stderr, exitCode: code };
  }
}

/** Arguments of ssh, up to the host. */
function sshOptions({ port, keyFile, knownHosts }: SshRoute): string[] {
  const options = [
    "BatchMode=yes",
    "IdentitiesOnly=yes",
    "StrictHostKeyChecking=yes",
    `UserKnownHostsFile=${knownHosts}`,
    "ConnectTimeout=120",
    "ServerAliveInterval=15",
    "LogLevel=ERROR",
  ].flatMap((option) => ["-o", option]);
  return ["-F", "none", "-p", String(port), "-i", keyFile, ...options];
}
