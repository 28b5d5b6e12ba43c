/** What asks a program to end: Ctrl-C, a CI job that is cancelled, a terminal that is closed. */
const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

const interrupts = new Set<() => void>();
let asked: NodeJS.Signals | undefined;

/**
 * Does `work` to its end although a signal asks this program to end meanwhile, and then ends the program by that signal.
 * `interrupt` is called at each signal, to have the work come to its end.
 */
export async function untilDone<T>(interrupt: () => void, work: () => Promise<T>): Promise<T> {
  // A function of its own, so that each work has one of its own in the set.
  const entry = () => interrupt();
  if (interrupts.size === 0) for (const signal of signals) process.on(signal, hear);
  interrupts.add(entry);
  try {
    return await work();
  } finally {
    interrupts.delete(entry);
    if (interrupts.size === 0) end();
  }
}

function hear(signal: NodeJS.Signals): void {
  asked ??= signal;
  for (const interrupt of interrupts) interrupt();
}

function end(): void {
  for (const signal of signals) process.off(signal, hear);
  // Whoever else listens has work of its own to finish, and ends the program then.
  if (asked && process.listenerCount(asked) === 0) process.kill(process.pid, asked);
  asked = undefined;
}
