import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { promisify } from "node:util";
import { startSandbox } from "../sandbox/start";
import { stackConfiguration } from "../stack/stack-file";
import { defaultCopy } from "./default-copy";
import { median, type Row } from "./table";
import { typescriptLoader } from "../project";

const project = path.dirname(__dirname);
const runs = 5;

interface Measured {
  readonly milliseconds: number;
  readonly kibibytes: number;
}

/**
 * The prod stack's program from its start to its last registration, against the same program as Pulumi sets one up:
 * ts-node and whole-package imports. And the sandbox's second start, which it needs anyway.
 */
export async function programRows(): Promise<Row[]> {
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
      ours.push(await measure(project, typescriptLoader, config));
      theirs.push(await measure(copy, ["--require", "ts-node/register"], config));
    }
    const row = (what: string, unit: string, figure: (one: Measured) => number): Row => ({
      what: `program start, prod stack, ${what}`,
      unit,
      ours: median(ours.slice(1).map(figure)),
      against: "ts-node, whole packages",
      theirs: median(theirs.slice(1).map(figure)),
    });
    return [
      row("wall", "ms", ({ milliseconds }) => milliseconds),
      row("peak memory", "MiB", ({ kibibytes }) => kibibytes / 1024),
      {
        what: "sandbox, second start to ready",
        unit: "ms",
        ours: sandboxStart,
        against: "limit",
        theirs: 10_000,
      },
    ];
  } finally {
    await controlPlane.stop();
    rmSync(directory, { recursive: true });
    rmSync(copy, { recursive: true });
  }
}

async function measure(directory: string, loader: string[], config: string): Promise<Measured> {
  const program = path.join(directory, "bench/one-start.ts");
  const { stdout } = await promisify(execFile)(process.execPath, [...loader, program, directory, config], {
    cwd: directory,
  });
  return JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as Measured;
}
