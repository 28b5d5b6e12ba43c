import { readFileSync } from "node:fs";
import * as path from "node:path";

import Mocha from "mocha";

import { project } from "./files";
import type { Summary } from "./summary";

/** Files that run `jobs` at a time, each in a process that other files of the lane used before. */
export interface Lane {
  readonly files: readonly string[];
  readonly jobs: number;
}

export interface Selection {
  readonly grep?: string;
  readonly fgrep?: string;
  readonly invert?: boolean;
}

const settings = JSON.parse(readFileSync(path.join(project, ".mocharc.json"), "utf8")) as Mocha.MochaOptions;

/** A file's tests are told together, when all of them are done. The end is told by the summary. */
class Files extends Mocha.reporters.Spec {
  override epilogue(): void {}
}

export async function runLane(lane: Lane, selection: Selection, summary: Summary): Promise<void> {
  if (lane.files.length === 0) return;
  const mocha = new Mocha({
    ...selection,
    require: settings.require,
    timeout: settings.timeout,
    parallel: true,
    jobs: lane.jobs,
    reporter: Files,
  });
  mocha.parallelMode(true); // for one job, too: every file starts alike
  for (const file of lane.files) mocha.addFile(path.join(project, file));
  await new Promise<void>((resolve) => {
    const runner = mocha.run(() => resolve());
    summary.watch(runner);
  });
}
