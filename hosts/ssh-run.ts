import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { command, type Mode } from "./script";
import { type SshConnection, sshCommandLine } from "./ssh";

/** What a script on a host said, and how it ended; a connection that fails ends with ssh's own 255. */
export interface HostAnswer {
  readonly status: number | string;
  readonly stdout: string;
  readonly stderr: string;
}

/** Sends a script to a host over the system's ssh and waits for its end, at most `timeoutSeconds`. */
export async function runOverSsh(
  connection: SshConnection,
  mode: Mode,
  script: string,
  timeoutSeconds: number,
): Promise<HostAnswer> {
  const keys = mkdtempSync(join(tmpdir(), "ssh-"));
  try {
    const [program = "", ...args] = sshCommandLine(connection, keys, command(mode));
    return await new Promise((resolve, reject) => {
      const options = { timeout: timeoutSeconds * 1000, maxBuffer: 64 * 1024 * 1024 };
      const child = execFile(program, args, options, (error, stdout, stderr) => {
        if (error?.code === "ENOENT") return reject(new Error(`${program} is not installed here`));
        if (!error) return resolve({ status: 0, stdout, stderr });
        // Killed by the time limit, or, with a signal and no code, by somebody else.
        const ended = error.killed
          ? `no answer within ${timeoutSeconds} s`
          : `${program} ended by ${error.signal}`;
        resolve({ status: error.code ?? ended, stdout, stderr: stderr || (error.code ? "" : ended) });
      });
      // A host that cannot be reached reads no script.
      child.stdin?.on("error", () => undefined).end(script);
    });
  } finally {
    rmSync(keys, { recursive: true });
  }
}
