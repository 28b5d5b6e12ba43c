import type { CommandArgs } from "@pulumi/command/remote";
import * as pulumi from "@pulumi/pulumi";

import { command, type Mode } from "../hosts";

/** A script of `hosts/` and the host it goes to. */
export interface ScriptRun {
  readonly connection: CommandArgs["connection"];
  readonly script: pulumi.Input<string>;
  /** Any new text runs it again although nothing else changed. @default "" */
  readonly reapply?: string | undefined;
}

/**
 * The inputs of a command that sends a script. Values travel on stdin, because a failure prints the command. stdin is the
 * same for create, update and delete, so the command says what to do. Never `triggers`: they replace, and the old
 * resource's removal would then take away what its successor has just made.
 */
export function runScript(mode: Mode, { connection, script, reapply = "" }: ScriptRun): CommandArgs {
  return {
    connection,
    create: command(mode),
    update: command(mode),
    stdin: reapply === "" ? script : noted(script, reapply),
    addPreviousOutputInEnv: false,
    logging: "stdoutAndStderr",
  };
}

// JSON keeps the note on its one line, so that it stays a comment.
function noted(script: pulumi.Input<string>, note: string): pulumi.Output<string> {
  return pulumi.output(script).apply((text) => `# ${JSON.stringify(note)}\n${text}`);
}
