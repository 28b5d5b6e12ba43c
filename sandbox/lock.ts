import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import * as path from "node:path";

import { lock } from "proper-lockfile";

import { UserError } from "../errors";
import { startTime } from "./process";
import { sleep } from "./wait";

interface Owner {
  pid: number;
  started: string | undefined;
  purpose: string;
}

export interface LockOptions {
  readonly name: string;
  /** What it is held for, as the next one is told. */
  readonly purpose: string;
  /** Makes the next one wait, after it was told for whom. Default: it fails. */
  readonly wait?: (line: string) => void;
  /** Ends the waiting. */
  readonly signal?: AbortSignal;
}

/** Runs `work` while no other process holds the lock `name` of this folder. */
export async function withLock<T>(
  directory: string,
  options: LockOptions,
  work: () => Promise<T>,
): Promise<T> {
  createDirectory(directory);
  const ownerFile = path.join(directory, `${options.name}.lock.json`);
  const release = await acquire(directory, ownerFile, options);
  const owner: Owner = { pid: process.pid, started: startTime(process.pid), purpose: options.purpose };
  writeFileSync(ownerFile, JSON.stringify(owner));
  try {
    return await work();
  } finally {
    rmSync(ownerFile, { force: true });
    await release();
  }
}

async function acquire(directory: string, ownerFile: string, { name, wait, signal }: LockOptions) {
  let announced = false;
  for (;;) {
    signal?.throwIfAborted();
    const owner = liveOwner(ownerFile);
    if (owner) {
      if (!wait) throw new UserError(inUse(directory, owner));
      if (!announced) wait(`waiting for process ${owner.pid} (${owner.purpose})`);
      announced = true;
      await sleep(200);
      continue;
    }
    try {
      return await lock(path.join(directory, name), {
        realpath: false, // there is no such file; the lock beside it is what counts
        stale: 2000,
        // Whoever slept through two seconds (a suspended laptop) is still known as the owner by its pid.
        onCompromised: () => undefined,
      });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ELOCKED") throw error;
      await sleep(200); // its owner was killed and the lock is not stale yet, or has not written its name yet
    }
  }
}

function inUse(directory: string, { pid, purpose }: Owner): string {
  return (
    `${directory} is in use: process ${pid} is busy there (${purpose}). ` +
    `Wait for it to end, or end it with: kill ${pid}`
  );
}

function liveOwner(ownerFile: string): Owner | undefined {
  try {
    const owner = JSON.parse(readFileSync(ownerFile, "utf8")) as Owner;
    return startTime(owner.pid) === owner.started ? owner : undefined;
  } catch {
    return undefined;
  }
}

function createDirectory(directory: string): void {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new UserError(`the sandbox cannot write to ${directory}: ${(error as Error).message}`);
  }
}
