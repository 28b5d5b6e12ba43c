/** `npm run bench`: what is measured, this project's median, the alternative's, and their ratio. */
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { promisify } from "node:util";
import { startSandbox } from "../sandbox/start";
import { stackConfiguration } from "../sandbox/stack-config";
import { defaultCopy } from "./default-copy";

const project = path.dirname(__dirname);
const runs = 5;

interface Measured {
  milliseconds: number;
  kibibytes: number;
}

async function main(): Promise<void> {
  const directory = mkdtempSync(path.join(tmpdir(), "image-registry-bench-"));
  const first = await startSandbox({ directory, log: (line) => console.error(line) });
  await first.stop();
  const begun = performance.now();
  const controlPlane = await startSandbox({ directory });
  const sandboxStart = performance.now() - begun;
  const copy = defaultCopy(project);
  try {
    const config = JSON.stringify(
      stackConfiguration("prod", { kubeconfig: controlPlane.kubeconfig, context: "sandbox" }),
    );
    const ours: Measured[] = [];
    const theirs: Measured[] = [];
    // In turn, so that a machine that slows down slows both; the first pair only warms the caches.
    for (let run = 0; run <= runs; run++) {
      ours.push(await measure(project, ["--import", "tsx"], config));
      theirs.push(await measure(copy, ["--require", "ts-node/register"], config));
    }
    const row = (what: string, unit: string, one: number, other?: number) =>
      console.log(
        [
          what.padEnd(44),
          `${one.toFixed(0)} ${unit}`.padStart(10),
          other === undefined ? "" : `${other.toFixed(0)} ${unit}`.padStart(10),
          other === undefined ? "" : (one / other).toFixed(2).padStart(6),
        ].join("  "),
      );
    console.log(`${"".padEnd(44)}  ${"this".padStart(10)}  ${"default".padStart(10)}   ratio`);
    row(
      "program start, prod stack, wall",
      "ms",
      median(ours, "milliseconds"),
      median(theirs, "milliseconds"),
    );
    row(
      "program start, prod stack, peak memory",
      "MiB",
      median(ours, "kibibytes") / 1024,
      median(theirs, "kibibytes") / 1024,
    );
    row("sandbox, second start to ready", "ms", sandboxStart);
  } finally {
    await controlPlane.stop();
    rmSync(directory, { recursive: true });
    rmSync(copy, { recursive: true });
  }
}

async function measure(directory: string, loader: string[], config: string): Promise<Measured> {
  const program = path.join(directory, "bench/program.ts");
  const { stdout } = await promisify(execFile)(process.execPath, [...loader, program, directory, config], {
    cwd: directory,
  });
  return JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as Measured;
}

function median(measured: Measured[], key: keyof Measured): number {
  const sorted = measured
    .slice(1)
    .map((one) => one[key])
    .sort((one, other) => one - other);
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
}

void main();
