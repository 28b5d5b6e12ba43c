import type { Command } from "@pulumi/command/remote";
import * as pulumi from "@pulumi/pulumi";

import { UserError } from "../errors";
import { runOverSsh, type SshConnection } from "../hosts";
import type { ScriptRun } from "./host-command";

/** The scripts' exit status for a host that differs from its description. */
const differs = 3;
const timeoutSeconds = 300;

/**
 * Compares the host with what its command was last told, and is the command's report once nothing differs. The provider
 * never reads a host back, so without this a change by hand stays unseen for ever. The program itself looks, in a
 * preview too, and no resource changes for it. Where the command is about to run there is nothing to compare yet: its
 * report is unknown in a preview, and there only after it in an up.
 */
export function verified(command: Command, { connection, script }: ScriptRun): pulumi.Output<string> {
  const report = pulumi.all([command.stdout, connection, script]).apply(async ([stdout, to, sent]) => {
    await verify(to as SshConnection, sent);
    return stdout;
  });
  // Secret by the private key that it was asked with; it says nothing of it.
  return pulumi.unsecret(report);
}

async function verify(connection: SshConnection, script: string): Promise<void> {
  const { status, stdout, stderr } = await runOverSsh(connection, "check", script, timeoutSeconds);
  if (status === 0) return;
  const said = [stdout, stderr].map((text) => text.trim()).filter((text) => text !== "");
  const what = status === differs ? "was changed by hand" : "could not be compared";
  throw new UserError(
    `verifyHosts: host ${connection.host} ${what}:\n${said.join("\n") || `it ended with ${status}`}`,
  );
}
