import { execFile } from "node:child_process";
import * as path from "node:path";
import { promisify } from "node:util";

import { typescriptLoader } from "../project";
import type { FleetFigures } from "./one-fleet";
import { median, type BenchRow } from "./table";

const atOnce = 8;
/** Milliseconds: clusters are not on one machine with their reader, whose cores would else be all that is measured. */
const distance = 1000;
const runs = 3;

/**
 * The status of 10 and of 50 stacks against that of one: all of them look at one control plane, each by a client of its own
 * that knows nothing of the others, for 50 control planes would measure the machine.
 */
export async function fleetRows(kubeconfig: string): Promise<BenchRow[]> {
  const measured = new Map<number, FleetFigures[]>([1, 10, 50].map((stacks) => [stacks, []]));
  for (let run = 0; run < runs; run++) {
    for (const [stacks, figures] of measured) figures.push(await measure(stacks, kubeconfig));
  }
  const of = (stacks: number, figure: (one: FleetFigures) => number) =>
    median(measured.get(stacks)!.map(figure));
  const one = of(1, ({ milliseconds }) => milliseconds);
  return [10, 50].flatMap((stacks) => [
    {
      what: `status of ${stacks} stacks 1 s away, ${atOnce} at once, wall`,
      unit: "ms",
      ours: of(stacks, ({ milliseconds }) => milliseconds),
      against: `slowest + ${stacks}/${atOnce} of one`,
      theirs: of(stacks, ({ slowest }) => slowest) + (stacks / atOnce) * one,
    },
    {
      what: `status of ${stacks} stacks 1 s away, peak memory`,
      unit: "MiB",
      ours: of(stacks, ({ kibibytes }) => kibibytes / 1024),
      against: "one stack",
      theirs: of(1, ({ kibibytes }) => kibibytes / 1024),
    },
  ]);
}

async function measure(stacks: number, kubeconfig: string): Promise<FleetFigures> {
  const args = [
    "--max-semi-space-size=4", // MiB, as package.json has it for `npm run status`: what was read is let go of sooner
    ...typescriptLoader,
    path.join(__dirname, "one-fleet.ts"),
    ...[stacks, atOnce, distance].map(String),
    kubeconfig,
  ];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  return JSON.parse(stdout) as FleetFigures;
}
