import { readFileSync } from "node:fs";
import { join } from "node:path";

import { projectDirectory } from "../project";
import { assignments, quote } from "./quote";

/** What a script does: converge the host, say how it differs, or take away what it made. */
export type Mode = "apply" | "check" | "remove";

/**
 * Runs its standard input once it has all of it: what bash itself reads from a pipe, it reads byte by byte, each by a
 * system call. --norc: bash whose input is a socket takes it for a remote login and runs the user's .bashrc.
 */
export const bash = ["bash", "--norc", "-c", 'eval "$(cat)"', "bash"] as const;

/**
 * The command that runs a script from its standard input. Values never stand in a command line, which Pulumi
 * prints when a command fails. A cancelled update leaves the remote side running, so it ends itself.
 */
export function command(mode: Mode): string {
  const words = bash.map((word) => (/^[\w-]+$/.test(word) ? word : quote(word)));
  const run = ["timeout --kill-after=30 1800", ...words, mode].join(" ");
  return `if [ "$(id -u)" = 0 ]; then exec ${run}; else exec sudo -n ${run}; fi`;
}

/**
 * One bash script: the values, then the named files of this folder. bash starts to work only at the last line, so
 * a script cut short by a lost connection does nothing; what it runs does not read the script away from it.
 */
export function script(
  values: Readonly<Record<string, string | readonly string[]>>,
  files: readonly string[],
): string {
  return [
    "set -euo pipefail\n",
    assignments(values),
    ...files.map((file) => readFileSync(join(projectDirectory, "hosts", file), "utf8")),
    'main "$@" </dev/null\nexit\n',
  ].join("\n");
}
