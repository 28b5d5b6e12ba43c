import type { Readable, Writable } from "node:stream";
import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { UserError } from "../errors";

/** Where a shell's commands run: a container of a pod. */
export interface Shell {
  /** For people: `pod image-registry-7d4b9-x2x4q`. */
  readonly place: string;
  /** Runs a script of POSIX sh and the tools of both the RHEL and the Alpine images of registries. */
  run(
    script: string,
    streams: { stdin?: Readable; stdout: Writable },
  ): Promise<{ exitCode: number; stderr: string }>;
}

/**
 * What happens to files of a registry that serves: it takes some away and writes others while they are read. The next
 * pass finds what that leaves undone.
 */
const passing = /No such file or directory|changed as we read it|removed before we read it|short read/;

/** Runs a script that must succeed; gives what it printed. With `whileServing`, files may go while it runs. */
export async function output(
  shell: Shell,
  script: string,
  { stdin, whileServing = false }: { stdin?: Readable; whileServing?: boolean } = {},
): Promise<string> {
  const stdout = new PassThrough();
  const printed = text(stdout);
  await must(shell, script, { stdout, ...(stdin && { stdin }) }, whileServing);
  stdout.end();
  return printed;
}

export async function must(
  shell: Shell,
  script: string,
  streams: { stdin?: Readable; stdout: Writable },
  whileServing = false,
): Promise<void> {
  const { exitCode, stderr } = await shell.run(script, streams);
  if (exitCode === 0) return;
  const complaints = stderr.split("\n").filter((line) => line.trim() !== "" && !isSummary(line));
  if (whileServing && complaints.length && complaints.every((line) => passing.test(line))) return;
  throw new UserError(`in ${shell.place}: ${stderr.trim().slice(-2000) || `exit code ${exitCode}`}`);
}

/** tar's last line, which says that others came before. */
function isSummary(line: string): boolean {
  return /Exiting with failure status|error exit delayed/.test(line);
}
