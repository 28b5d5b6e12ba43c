import Mocha from "mocha";

import { Summary } from "./summary";

/** Mocha's spec reporter; its last lines tell the slowest files and the totals. For `npx mocha FILE`. */
class Totals extends Mocha.reporters.Spec {
  private readonly summary = new Summary();

  constructor(runner: Mocha.Runner, options?: Mocha.MochaOptions) {
    super(runner, options);
    this.summary.watch(runner);
  }

  override epilogue(): void {
    this.summary.print();
  }
}

export = Totals;
