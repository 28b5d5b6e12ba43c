import { spawn } from "node:child_process";
import { once } from "node:events";
import * as path from "node:path";

import { UserError } from "../../errors";
import { readOptions } from "../../stack/options";
import { project, recordSeconds, testFiles } from "./files";
import { runLane, type Selection } from "./lane";
import { Summary } from "./summary";

const usage = `npm test -- [options] [file or folder]...   (default: all of test/)

  -g, --grep PATTERN   only tests whose full title matches this regular expression
  -f, --fgrep TEXT     only tests whose full title holds this
  -i, --invert         all but those`;

/*
 * As many at a time as keep two processors busy: most of them wait, some of the time. More, or several kinds at once, would take
 * longer: an emulated machine that has to wait for its processor does more work, for its clock goes on, and its clients give up.
 */
const jobs = { unit: 2, integration: 3, acceptance: 4, machines: 2 };

async function main(): Promise<void> {
  const { selection, paths } = readArguments();
  const isWhole = paths.length === 0 && Object.keys(selection).length === 0;
  const all = testFiles(paths.length > 0 ? paths : [path.join(project, "test")]);
  const summary = new Summary();
  const run = (kind: keyof typeof jobs) => {
    const files = all.filter((file) => file.startsWith(`test/${kind}/`));
    return runLane({ files, jobs: jobs[kind] }, selection, summary);
  };

  const built = isWhole ? buildSandbox() : Promise.resolve();
  await run("unit");
  await run("integration");
  await built;
  await run("acceptance");
  await run("machines");

  if (Object.keys(selection).length === 0) {
    for (const file of summary.unheard(all.map((name) => path.join(project, name)))) {
      console.error(`no test was run of ${path.relative(project, file)}`);
    }
  }
  summary.print((file) => path.relative(project, file));
  const relative = Object.entries(summary.seconds).map(([file, s]) => [path.relative(project, file), s]);
  // A file that fails may be at its end early: the next run would begin it last.
  if (isWhole && summary.failed === 0) recordSeconds(Object.fromEntries(relative) as Record<string, number>);
  if (summary.ran === 0) throw new UserError("no test was run");
  process.exitCode = summary.failed > 0 ? 1 : 0;
}

/** Beside the tests that need nothing of it, and out of their way. What cannot be built fails the tests that need it, with the reason. */
async function buildSandbox(): Promise<void> {
  const build = [process.execPath, ...process.execArgv, path.join(project, "sandbox/build.ts")];
  await once(spawn("nice", ["-n", "15", ...build], { stdio: "inherit" }), "close");
}

function readArguments(): { selection: Selection; paths: string[] } {
  const { values, positionals } = readOptions(usage, {
    allowPositionals: true,
    options: {
      grep: { type: "string", short: "g" },
      fgrep: { type: "string", short: "f" },
      invert: { type: "boolean", short: "i" },
    },
  });
  if (values.grep !== undefined) checkPattern(values.grep);
  return { selection: values, paths: positionals };
}

function checkPattern(grep: string): void {
  try {
    new RegExp(grep);
  } catch (error) {
    throw new UserError(`--grep "${grep}": ${(error as Error).message}`);
  }
}

main().catch((error: unknown) => {
  console.error(error instanceof UserError ? `error: ${error.message}` : error);
  process.exitCode = 1;
});
