import assert from "node:assert/strict";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";

import { sleep } from "../../sandbox/wait";

/** What `read` gives once `holds` is true of it, which may take a busy machine a minute. */
export async function eventually<T>(
  read: () => Promise<T>,
  holds: (value: T) => boolean | undefined,
): Promise<T> {
  const deadline = Date.now() + 60_000;
  for (;;) {
    const value = await read();
    if (holds(value)) return value;
    if (Date.now() > deadline)
      assert.fail(`not so after a minute: ${holds.toString()}; last: ${JSON.stringify(value)}`);
    await sleep(50);
  }
}

/** The command lines of all processes that have to do with this folder. */
export function processesOf(directory: string): string[] {
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid);
  return pids.map(commandLine).filter((line) => line.includes(directory));
}

/** The addresses a process listens on, in the kernel's notation. */
export function listening(pid: number): string[] {
  const sockets = readdirSync(`/proc/${pid}/fd`).map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`));
  const rows = ["tcp", "tcp6"].flatMap((file) =>
    readFileSync(`/proc/${pid}/net/${file}`, "utf8").trim().split("\n").slice(1),
  );
  return rows.flatMap((row) => {
    const [, local, , state, , , , , , inode] = row.trim().split(/\s+/);
    return state === "0A" && sockets.includes(`socket:[${inode}]`) ? [local!.split(":")[0]!] : [];
  });
}

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
  } catch {
    return ""; // it ended meanwhile
  }
}
