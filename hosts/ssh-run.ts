import { execFile } from "node:child_process";

import { withTemporaryFolder } from "../temporary-folder";
import { command, type Mode } from "./script";
import { type SshConnection, sshCommandLine, sshEnvironment } from "./ssh";

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
  return withTemporaryFolder("ssh", ({ path: keys, interrupted: signal }) => {
    const [program = "", ...args] = sshCommandLine(connection, keys, command(mode));
    const env = { ...process.env, ...sshEnvironment(keys) };
    const options = { timeout: timeoutSeconds * 1000, maxBuffer: 64 * 1024 * 1024, env, signal };
    return new Promise((resolve, reject) => {
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
  });
}
