import { execFile } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { promisify } from "node:util";
import { parse, stringify } from "yaml";
import { projectDirectory } from "../project";
import { installedCli } from "../stack/cli";
import { fullKey } from "../stack/stack-file";
import { median, type BenchRow } from "./table";

const pairs = 7;
const stack = "bench";

interface Measured {
  /** Of the CLI and of all that it waits for. */
  readonly cpuSeconds: number;
  readonly wallSeconds: number;
  /** Of the largest Node, which is the program's. */
  readonly peakKibibytes: number;
}

/**
 * The no-op preview of the prod stack, on Pulumi's engine and the sandbox's cluster, against the least that any program
 * takes for this job: one in JavaScript that declares the same kinds of resources and checks nothing. Needs a Pulumi CLI
 * with its Node language host and the providers' plugins, or the means to fetch them: without, nothing is measured.
 */
export async function previewRows(kubeconfig: string): Promise<BenchRow[]> {
  const cli = installedCli();
  if (cli === undefined) {
    console.error(
      "previews are not measured: that needs an installed Pulumi CLI, with its Node language host",
    );
    return [];
  }
  const folder = mkdtempSync(path.join(tmpdir(), "image-registry-bench-"));
  const connection = { kubeconfig, context: "sandbox" };
  try {
    const prod = parse(readFileSync(path.join(projectDirectory, "Pulumi.prod.yaml"), "utf8")) as StackFile;
    const own = Object.entries(connection).map(([key, value]) => [fullKey(key), value]);
    const ours = project(folder, "ours", projectDirectory, {
      ...prod.config,
      ...(Object.fromEntries(own) as Record<string, string>),
    });
    const floor = project(folder, "floor", path.join(__dirname, "floor"), { "floor:connection": connection });
    for (const one of [ours, floor]) {
      await run(cli, one, "stack", "init", stack);
      await run(cli, one, "up", "--stack", stack, "--yes", "--skip-preview");
    }
    const measured: { ours: Measured; floor: Measured }[] = [];
    // In turn, so that a machine that slows down slows both.
    for (let pair = 0; pair < pairs; pair++)
      measured.push({ ours: await preview(cli, ours), floor: await preview(cli, floor) });
    const row = (what: string, unit: string, figure: (one: Measured) => number): BenchRow => ({
      what: `no-op preview, prod stack, ${what}`,
      unit,
      ours: median(measured.map(({ ours }) => figure(ours))),
      against: "the same kinds, static",
      theirs: median(measured.map(({ floor }) => figure(floor))),
    });
    return [
      row("CPU", "ms", ({ cpuSeconds }) => cpuSeconds * 1000),
      row("wall", "ms", ({ wallSeconds }) => wallSeconds * 1000),
      row("peak memory", "MiB", ({ peakKibibytes }) => peakKibibytes / 1024),
    ];
  } finally {
    rmSync(folder, { recursive: true });
  }
}

interface StackFile {
  readonly config: Record<string, unknown>;
}

/** A project by links to `source`, with a stack file and a backend of its own. */
function project(folder: string, name: string, source: string, config: object): string {
  const directory = path.join(folder, name);
  mkdirSync(directory);
  for (const entry of readdirSync(source).filter((entry) => !/^(\.|Pulumi\.)/.test(entry)))
    symlinkSync(path.join(source, entry), path.join(directory, entry));
  for (const entry of ["node_modules", "package.json"].filter(
    (entry) => !readdirSync(directory).includes(entry),
  ))
    symlinkSync(path.join(projectDirectory, entry), path.join(directory, entry));
  cpSync(path.join(source, "Pulumi.yaml"), path.join(directory, "Pulumi.yaml"));
  writeFileSync(path.join(directory, `Pulumi.${stack}.yaml`), stringify({ config }));
  return directory;
}

async function preview(cli: string, cwd: string): Promise<Measured> {
  rmSync(path.join(cwd, "peak"), { force: true });
  const stderr = await run(cli, cwd, "preview", "--stack", stack, "--expect-no-changes");
  const [wallSeconds = NaN, user = NaN, system = NaN] = stderr
    .trim()
    .split("\n")
    .at(-1)!
    .split(" ")
    .map(Number);
  const peaks = readFileSync(path.join(cwd, "peak"), "utf8").trim().split("\n").map(Number);
  return { wallSeconds, cpuSeconds: user + system, peakKibibytes: Math.max(...peaks) };
}

/** Runs the CLI; the last line of what it gives is seconds: wall, user, system. */
async function run(cli: string, cwd: string, ...args: string[]): Promise<string> {
  const timed = 'TIMEFORMAT="%R %U %S"; time "$@"';
  const env = {
    ...process.env,
    PULUMI_BACKEND_URL: `file://${cwd}`,
    PULUMI_CONFIG_PASSPHRASE: "",
    PULUMI_SKIP_UPDATE_CHECK: "true",
    NODE_OPTIONS: `--require ${path.join(__dirname, "peak.js")}`,
    BENCH_PEAK: path.join(cwd, "peak"),
  };
  const command = ["-c", timed, "bench", cli, ...args, "--non-interactive"];
  const { stderr } = await promisify(execFile)("bash", command, { cwd, env, maxBuffer: 1 << 26 });
  return stderr;
}
