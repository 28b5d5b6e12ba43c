/**
 * Runs a piece of work whenever it is asked for, one run at a time. After a failure it runs again by itself: at once
 * at first, then after twice the time with each failure in a row, up to a thousand seconds, as client-go's default
 * rate limiter does it. So an operator that has failed for a while is slow to see that a missing claim is there.
 */
export class WorkQueue {
  private failures = 0;
  private asked = false;
  private running: Promise<void> | undefined;
  private retry: { at: number; timer: NodeJS.Timeout } | undefined;
  private stopped = false;

  constructor(
    private readonly work: () => Promise<void>,
    private readonly onError: (error: unknown) => void,
  ) {}

  add(): void {
    if (this.stopped) return;
    this.asked = true;
    this.running ??= this.run();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.retry?.timer);
    await this.running;
  }

  private async run(): Promise<void> {
    try {
      while (this.asked && !this.stopped) {
        this.asked = false;
        await this.once();
      }
    } finally {
      this.running = undefined;
    }
  }

  private async once(): Promise<void> {
    try {
      await this.work();
      this.failures = 0;
    } catch (error) {
      this.onError(error);
      this.addAfter(backOff(this.failures++));
    }
  }

  /** The earliest of several planned runs counts. */
  private addAfter(delay: number): void {
    const at = Date.now() + delay;
    if (this.stopped || (this.retry && this.retry.at <= at)) return;
    clearTimeout(this.retry?.timer);
    const timer = setTimeout(() => {
      this.retry = undefined;
      this.add();
    }, delay);
    this.retry = { at, timer };
  }
}

export function backOff(failures: number): number {
  return Math.min(5 * 2 ** failures, 1_000_000);
}
