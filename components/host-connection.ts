import type { remote } from "@pulumi/command/types/input";
import * as pulumi from "@pulumi/pulumi";

import { UserError } from "../errors";
import { hostKeyPattern, InvalidHost } from "../hosts";

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
    host,
    port,
    user,
    privateKey: pulumi.secret(privateKey),
    ...(privateKeyPassword !== undefined && { privateKeyPassword: pulumi.secret(privateKeyPassword) }),
    hostKey: checkedHostKey(hostKey, `${key}.hostKey`),
    // A host that is down is known after a minute; one that is starting gets as long.
    dialErrorLimit: 5,
    perDialTimeout: 10,
  };
}

function checkedHostKey(hostKey: pulumi.Input<string> | undefined, key: string): pulumi.Input<string> {
  const check = (text: string | undefined): string => {
    if (hostKeyPattern.test(text?.trim() ?? "")) {
      return (text as string).trim();
    }
    throw new UserError(
      `${key}: ${text ? "this is no SSH public key" : "is missing"}; ` +
        `write what "ssh-keyscan -t ed25519 HOST" prints after the host's name, once you trust it`,
    );
  };
  return typeof hostKey === "string" || hostKey === undefined
    ? check(hostKey)
    : pulumi.output(hostKey).apply(check);
}
