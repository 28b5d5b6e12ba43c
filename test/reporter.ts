import Mocha from "mocha";

/** Mocha's spec reporter, with a last line that a machine reads as easily as a person. */
class Totals extends Mocha.reporters.Spec {
  override epilogue(): void {
    super.epilogue();
    const { passes, failures, pending } = this.stats;
    console.log(`${passes} passed, ${failures} failed, ${pending} skipped`);
  }
}

export = Totals;
