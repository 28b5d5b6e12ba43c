import { setTimeout as sleep } from "node:timers/promises";

export interface UntilOptions {
  /** Seconds after which it is given up. */
  readonly seconds: number;
  /** Seconds between two looks. @default 0.5 */
  readonly every?: number;
  /** What is thrown then. */
  readonly otherwise: () => Error;
}

/** Looks again and again until there is something to be seen, and returns that; looks once at least. */
export async function until<T>(
  look: () => Promise<T | undefined>,
  { seconds, every = 0.5, otherwise }: UntilOptions,
): Promise<T> {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (Date.now() > deadline) throw otherwise();
    await sleep(every * 1000);
  }
}
