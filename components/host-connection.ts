import type { remote } from "@pulumi/command/types/input";
import * as pulumi from "@pulumi/pulumi";

import { UserError } from "../errors";
import { checkHostKey, checkServer, checkUser, InvalidHost } from "../hosts";

/** How a host is reached over SSH. */
export interface HostConnectionArgs {
  /** Address or name. */
  readonly host: pulumi.Input<string>;
  /** @default 22 */
  readonly port?: pulumi.Input<number>;
  /** Root, or a user who may run `sudo -n`. @default "root" */
  readonly user?: pulumi.Input<string>;
  /** Private key, kept as a secret. */
  readonly privateKey: pulumi.Input<string>;
  /** Opens an encrypted private key; kept as a secret. */
  readonly privateKeyPassword?: pulumi.Input<string>;
  /** The host's public key, as `ssh-keyscan -t ed25519` prints it after the name: "ssh-ed25519 AAAA…". */
  readonly hostKey: pulumi.Input<string>;
}

/** The connection, and the bastion it goes through, if any. */
export interface ConnectionArgs extends HostConnectionArgs {
  readonly proxy?: HostConnectionArgs;
}

/**
 * The connection as @pulumi/command takes it. Without a host key its provider verifies nothing: whoever answers
 * would be sent a script to run as root, so a missing key is refused here.
 */
export function connectionArgs(connection: ConnectionArgs, key = "connection"): remote.ConnectionArgs {
  const { proxy } = connection;
  return {
    ...hostConnection(connection, key),
    ...(proxy && { proxy: hostConnection(proxy, `${key}.proxy`) }),
  };
}

/** hosts/ knows nothing of Pulumi; here what it refuses becomes the user's error. */
export function rendered(render: () => string): string {
  try {
    return render();
  } catch (error) {
    throw error instanceof InvalidHost ? new UserError(error.message) : error;
  }
}

function hostConnection(connection: HostConnectionArgs, key: string) {
  const { host, port = 22, user = "root", privateKey, privateKeyPassword, hostKey } = connection;
  return {
    host: checked(host, checkServer, `${key}.host`),
    port,
    user: checked(user, checkUser, `${key}.user`),
    privateKey: pulumi.secret(privateKey),
    ...(privateKeyPassword !== undefined && { privateKeyPassword: pulumi.secret(privateKeyPassword) }),
    hostKey: checkedHostKey(hostKey, `${key}.hostKey`),
    // A host that is down is known after a minute; one that is starting gets as long.
    dialErrorLimit: 5,
    perDialTimeout: 10,
  };
}

function checkedHostKey(hostKey: pulumi.Input<string> | undefined, key: string): pulumi.Input<string> {
  const write = `write what "ssh-keyscan -t ed25519 HOST" prints after the host's name, once you trust it`;
  if (hostKey === undefined || hostKey === "") throw new UserError(`${key}: is missing; ${write}`);
  const check = (text: string) => checkHostKey(text, `this is no SSH public key; ${write}`);
  const trimmed =
    typeof hostKey === "string" ? hostKey.trim() : pulumi.output(hostKey).apply((text) => text.trim());
  return checked(trimmed, check, key);
}

/** The value itself: what is known now fails now, all else once it is. */
function checked(
  value: pulumi.Input<string>,
  check: (text: string) => string | undefined,
  key: string,
): pulumi.Input<string> {
  const pass = (text: string): string => {
    const problem = check(text);
    if (problem !== undefined) throw new UserError(`${key}: ${problem}`);
    return text;
  };
  return typeof value === "string" ? pass(value) : pulumi.output(value).apply(pass);
}
