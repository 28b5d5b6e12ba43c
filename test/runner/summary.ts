import Mocha from "mocha";

const { EVENT_HOOK_END, EVENT_TEST_END, EVENT_TEST_FAIL } = Mocha.Runner.constants;
const shown = 10;

/** What one or more runners of Mocha have done, told once for all of them. */
export class Summary {
  private readonly runners: Mocha.Runner[] = [];
  private readonly failures: Mocha.Test[] = [];
  private readonly milliseconds = new Map<string, number>();

  watch(runner: Mocha.Runner): void {
    this.runners.push(runner);
    runner.on(EVENT_TEST_FAIL, (test) => this.failures.push(test));
    for (const event of [EVENT_TEST_END, EVENT_HOOK_END] as const) {
      runner.on(event, ({ file, duration }: Mocha.Runnable) => {
        if (file) this.milliseconds.set(file, (this.milliseconds.get(file) ?? 0) + (duration ?? 0));
      });
    }
  }

  /** Those of these files of which no test was heard of: what a process that ended did not tell. */
  unheard(files: readonly string[]): string[] {
    return files.filter((file) => !this.milliseconds.has(file));
  }

  get ran(): number {
    return this.count("passes") + this.count("failures") + this.count("pending");
  }

  get failed(): number {
    return this.count("failures");
  }

  /** How long each file's tests and hooks took. */
  get seconds(): Record<string, number> {
    return Object.fromEntries([...this.milliseconds].map(([file, duration]) => [file, duration / 1000]));
  }

  /** The last line is for a machine as much as for a person. */
  print(nameOf: (file: string) => string = (file) => file): void {
    if (this.failures.length > 0) Mocha.reporters.Base.list(this.failures);
    const slowest = Object.entries(this.seconds).sort(([, a], [, b]) => b - a);
    if (slowest.length > 1) console.log("\nslowest files");
    for (const [file, seconds] of slowest.length > 1 ? slowest.slice(0, shown) : []) {
      console.log(`${seconds.toFixed(1).padStart(8)} s  ${nameOf(file)}`);
    }
    console.log(`\n${this.count("passes")} passed, ${this.failed} failed, ${this.count("pending")} skipped`);
  }

  private count(what: "passes" | "failures" | "pending"): number {
    return this.runners.reduce((sum, { stats }) => sum + (stats?.[what] ?? 0), 0);
  }
}
