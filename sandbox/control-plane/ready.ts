import { readFileSync } from "node:fs";
import { request } from "node:https";
import * as path from "node:path";

import { UserError } from "../../errors";
import { isRunning, logTail, type SandboxProcess } from "../process";
import { sleep } from "../wait";

const deadlineSeconds = 120; // ten times what a busy two-core machine needs

/** A recorded program ended where it should go on. */
export class ProcessEnded extends UserError {
  constructor(readonly program: SandboxProcess) {
    super(`${program.name} ended; the last lines of ${program.log}:\n${logTail(program)}`);
  }

  get portWasTaken(): boolean {
    return logTail(this.program, 50).includes("address already in use");
  }
}

/** Waits until `check` holds; fails as soon as one of `programs` ends, or when `signal` aborts. */
export async function until(
  what: string,
  check: () => Promise<boolean>,
  programs: readonly SandboxProcess[],
  signal?: AbortSignal,
): Promise<void> {
  const deadline = Date.now() + deadlineSeconds * 1000;
  while (!(await check())) {
    signal?.throwIfAborted();
    const ended = programs.find((program) => !isRunning(program));
    if (ended) throw new ProcessEnded(ended);
    if (Date.now() > deadline) {
      throw new UserError(`${what}: not so after ${deadlineSeconds} s; see ${programs.at(-1)?.log}`);
    }
    await sleep(50);
  }
}

/** Whether a GET with this client certificate is answered 200. */
export async function answers(url: string, pki: string, client: string): Promise<boolean> {
  const read = (file: string) => readFileSync(path.join(pki, file));
  return new Promise((resolve) => {
    const get = request(
      url,
      {
        ca: read("ca.crt"),
        cert: read(`${client}.crt`),
        key: read(`${client}.key`),
        agent: false,
        timeout: 5000,
      },
      (response) => resolve(response.resume().statusCode === 200),
    );
    get.on("timeout", () => get.destroy(new Error("timeout")));
    get.on("error", () => resolve(false));
    get.end();
  });
}
