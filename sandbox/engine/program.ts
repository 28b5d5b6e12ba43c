import { setTimeout as delay } from "node:timers/promises";
import { Output, RunError, runtime } from "@pulumi/pulumi";
import * as sdkState from "@pulumi/pulumi/runtime/state";
import { type LogRequest, LogSeverity } from "@pulumi/pulumi/proto/engine_pb";
import type { Deployment } from "./deployment";
import { attach } from "./monitor";
import type { Report } from "./report";
import type { Diagnostic } from "./types";

/** The SDK's own per-run state, which its typings leave out. Its Automation API runs programs the same way. */
const { withLocalStorage, getStore } = sdkState as unknown as {
  withLocalStorage: <T>(work: () => Promise<T>) => Promise<T>;
  getStore: () => { settings: { engine: unknown; rpcDone: Promise<unknown> } };
};

const lastMoment = 2000;
let running = false;

/**
 * Runs the deployment's program to its end, and `whenDone` after it if nothing failed. The end is what it is for a
 * program of its own process: no request is under way and every output has settled, those of unawaited applies too.
 * After a failed step the program is told no more, and what it still waits for is no longer waited for.
 */
export async function runProgram(deployment: Deployment, whenDone: () => Promise<void>): Promise<void> {
  if (running) throw new Error("the sandbox's engine runs one program at a time in a process");
  running = true;
  const { run, report } = deployment;
  const outputs = trackOutputs();
  try {
    await withLocalStorage(async () => {
      const { failed, restore } = catchRejections((error) => reportError(report, error));
      await attach(deployment);
      getStore().settings.engine = engineService(report);
      runtime.setAllConfig(run.config, run.secretKeys);
      const program = runtime.runInPulumiStack(run.program).catch(failed);
      await Promise.race([program.then(() => settled(outputs.pending)), report.whenStopped]);
      // Requests that wait for a failed one never end; those under way have a moment to.
      const done = requestsDone();
      await (report.stopped ? Promise.race([done, delay(lastMoment)]) : done);
      if (!report.failed) await whenDone();
      const disconnected = runtime.disconnect();
      await (report.stopped ? Promise.race([disconnected, delay(lastMoment)]) : disconnected);
      if (outputs.pending.size === 0) restore();
    });
  } finally {
    outputs.stop();
    running = false;
  }
}

async function settled(pending: Set<Promise<unknown>>): Promise<void> {
  do {
    await Promise.all(pending);
    await requestsDone();
    // Node tells of unhandled rejections only between turns of its event loop.
    await new Promise(setImmediate);
  } while (pending.size > 0);
}

async function requestsDone(): Promise<void> {
  const { settings } = getStore();
  let done: Promise<unknown> | undefined;
  while (done !== settings.rpcDone) {
    done = settings.rpcDone;
    await done;
  }
}

/** Every apply is a promise the program may not wait for: node's process would. */
function trackOutputs(): { pending: Set<Promise<unknown>>; stop: () => void } {
  const pending = new Set<Promise<unknown>>();
  const prototype = (Output as unknown as { prototype: { apply: (...args: unknown[]) => unknown } })
    .prototype;
  const apply = prototype.apply;
  prototype.apply = function (...args) {
    const output = apply.apply(this, args) as { promise(): Promise<unknown> };
    const promise: Promise<unknown> = output.promise().then(
      () => pending.delete(promise),
      () => pending.delete(promise),
    );
    pending.add(promise);
    return output;
  };
  return { pending, stop: () => (prototype.apply = apply) };
}

/**
 * A rejection nobody handles is the program's error where it comes from the program, also after its end, when it no
 * longer matters. All others go where they went before (to a test runner, say).
 */
function catchRejections(report: (error: unknown) => void): {
  failed: (error: unknown) => void;
  restore: () => void;
} {
  const store = getStore();
  const errors = new Set<unknown>();
  const failed = (error: unknown): void => {
    // One error rejects many promises.
    if (!errors.has(error)) report(error);
    errors.add(error);
  };
  let others: NodeJS.UnhandledRejectionListener[] = [];
  const take = (): void => {
    others = process.listeners("unhandledRejection");
    process.removeAllListeners("unhandledRejection");
    process.on("unhandledRejection", dispatch);
  };
  const restore = (): void => {
    process.off("unhandledRejection", dispatch);
    for (const listener of others) process.on("unhandledRejection", listener);
  };
  const dispatch: NodeJS.UnhandledRejectionListener = (error, promise) => {
    if (getStore() === store) return failed(error);
    if (others.length === 0) throw error;
    // The others may emit the event anew, as a test runner's does: they find the listeners as they had left them.
    restore();
    try {
      process.emit("unhandledRejection", error, promise);
    } finally {
      take();
    }
  };
  take();
  return { failed, restore };
}

function reportError(report: Report, error: unknown): void {
  const { code } = (error ?? {}) as { code?: number };
  // The engine has stopped on another error, which is reported already.
  if (code === 14 || code === 1) return;
  if (RunError.isInstance(error)) return report.programFailed(error.message);
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  report.programFailed(message, `Running program failed with an unhandled exception:\n${stack ?? message}`);
}

const severities: Record<number, Diagnostic["severity"]> = {
  [LogSeverity.INFO]: "info",
  [LogSeverity.WARNING]: "warning",
  [LogSeverity.ERROR]: "error",
};

function engineService(report: Report): object {
  const done = (_: unknown, callback: (error: null, answer: object) => void): void => callback(null, {});
  return {
    setRootResource: done,
    requirePulumiVersion: done,
    log(request: LogRequest, callback: (error: null, answer: object) => void): void {
      const severity = severities[request.getSeverity()];
      if (severity) {
        report.diagnostic({
          severity,
          message: request.getMessage(),
          ...(request.getUrn() !== "" && { urn: request.getUrn() }),
          ...(request.getEphemeral() && { ephemeral: true }),
        });
      }
      callback(null, {});
    },
  };
}
