import { spawn } from "node:child_process";
import {
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { once } from "node:events";
import { constants } from "node:os";
import * as path from "node:path";

import { UserError } from "../errors";
import { sleep } from "./wait";

/** A program of the sandbox, recorded in `<directory>/processes/<name>.json` while it runs. */
export interface SandboxProcess {
  readonly name: string;
  readonly pid: number;
  /** When the kernel started it: tells it from a stranger that got the same pid later. */
  readonly started: string;
  readonly command: string;
  readonly args: readonly string[];
  /** Where its output goes: `<directory>/logs/<name>.log`, kept after the end. */
  readonly log: string;
}

const directories = new Set<string>();

/** Has what this process starts end with it, by force, also when a signal ends it. */
export function endTogether(): void {
  process.on("exit", () => {
    const left = [...directories].flatMap(recordedProcesses).filter(isRunning);
    for (const { pid } of left) signalGroup(pid, "SIGKILL");
  });
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    // After those who listen, too: they tell what they run.
    process.on(name, () => setImmediate(() => process.exit(128 + constants.signals[name])));
  }
}

/** Starts a program that outlives this one, unless `endTogether` says otherwise, with its output in a log file and its pid in a record. */
export async function startProcess(
  directory: string,
  program: { name: string; command: string; args: readonly string[] },
): Promise<SandboxProcess> {
  const { name, command, args } = program;
  directories.add(directory);
  mkdirSync(path.join(directory, "processes"), { recursive: true });
  const log = openLog(directory, name);
  const child = spawn(command, args, {
    cwd: directory,
    // Nothing of the caller's shell (ETCD_NAME, NODE_OPTIONS, ~/.kwok, …) may change what runs here.
    // Go's programs collect garbage seldom: a fifth less processor time, for some 300 MB more of an API server.
    env: { PATH: process.env["PATH"], HOME: directory, GOGC: "400" },
    detached: true,
    stdio: ["ignore", log.file, log.file],
  });
  closeSync(log.file);
  try {
    await once(child, "spawn");
  } catch (error) {
    throw new UserError(`${name} cannot be started: ${(error as Error).message}`);
  }
  child.unref();
  const pid = child.pid!;
  const record = { name, pid, started: startTime(pid) ?? "gone", command, args, log: log.path };
  writeFileSync(recordPath(directory, name), JSON.stringify(record, null, 2));
  return record;
}

/** The recorded programs, oldest first, whether they still run or not. */
export function recordedProcesses(directory: string): SandboxProcess[] {
  const folder = path.join(directory, "processes");
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch {
    return [];
  }
  return names
    .flatMap((name) => readRecord(path.join(folder, name)))
    .sort((a, b) => a.started.localeCompare(b.started, "en", { numeric: true }));
}

export function isRunning(record: Pick<SandboxProcess, "pid" | "started">): boolean {
  return startTime(record.pid) === record.started;
}

/** Ends a program and all it started: politely, after ten seconds by force. */
export async function stopProcess(directory: string, record: SandboxProcess): Promise<void> {
  const killAt = Date.now() + 10_000;
  let signal: NodeJS.Signals = "SIGTERM";
  let sent: NodeJS.Signals | undefined;
  while (isRunning(record)) {
    if (signal !== sent) {
      signalGroup(record.pid, signal);
      sent = signal;
    }
    await sleep(20);
    if (Date.now() > killAt) signal = "SIGKILL";
  }
  rmSync(recordPath(directory, record.name), { force: true });
}

/** Ends every recorded program, the youngest first. */
export async function stopProcesses(directory: string): Promise<void> {
  for (const record of recordedProcesses(directory).reverse()) await stopProcess(directory, record);
  rmSync(path.join(directory, "processes"), { recursive: true, force: true });
}

/** The last lines a program wrote. */
export function logTail(record: SandboxProcess, lines = 8): string {
  return readFileSync(record.log, "utf8").trimEnd().split("\n").slice(-lines).join("\n");
}

/**
 * The kernel's start time of a live process, in clock ticks of this boot; undefined when there is none, or only a
 * zombie is left of it. See proc_pid_stat(5): the name may hold spaces and brackets, so fields count from the last ")".
 */
export function startTime(pid: number): string | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  } catch {
    return undefined;
  }
  const [state, ...fields] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  if (state === "Z" || state === "X") return undefined;
  return `${bootId()}:${fields[18]}`;
}

function bootId(): string {
  return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
}

function readRecord(file: string): SandboxProcess[] {
  try {
    return [JSON.parse(readFileSync(file, "utf8")) as SandboxProcess];
  } catch {
    return []; // half-written by a run that was killed
  }
}

function recordPath(directory: string, name: string): string {
  return path.join(directory, "processes", `${name}.json`);
}

function openLog(directory: string, name: string): { file: number; path: string } {
  const log = path.join(directory, "logs", `${name}.log`);
  mkdirSync(path.dirname(log), { recursive: true });
  try {
    renameSync(log, path.join(directory, "logs", `${name}.previous.log`));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
  return { file: openSync(log, "w"), path: log };
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
