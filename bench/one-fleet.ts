/**
 * One measured run: the status of so many stacks, so many at once, each as if its cluster were so many milliseconds away.
 * Prints its figures as JSON.
 */
import { resourceUsage } from "node:process";
import { setTimeout as sleep } from "node:timers/promises";

import { checkConfiguration } from "../config";
import { readFleet } from "../status/fleet/read";
import { readStatus } from "../status/status";

export interface FleetFigures {
  /** Of all stacks, modules and the first connection apart. */
  readonly milliseconds: number;
  /** What the slowest stack took of it. */
  readonly slowest: number;
  readonly kibibytes: number;
}

async function main(): Promise<void> {
  const [stacks = "1", atOnce = "1", distance = "0", kubeconfig = ""] = process.argv.slice(2);
  let slowest = 0;
  const read = (count: number) =>
    readFleet(
      {
        stacks: Array.from({ length: count }, (_, index) => `stack-${index}`),
        atOnce: Number(atOnce),
        overlay: {},
        runs: new Map(),
        lastUps: new Map(),
      },
      {
        configurationOf: (stack) =>
          Promise.resolve(checkConfiguration({ context: "sandbox", kubeconfig, backend: "emptyDir" }, stack)),
        readStatus: async (config) => {
          const begun = performance.now();
          await sleep(Number(distance));
          const status = await readStatus(config);
          slowest = Math.max(slowest, performance.now() - begun);
          return status;
        },
      },
    );
  await read(1);
  slowest = 0;
  const begun = performance.now();
  const rows = await read(Number(stacks));
  const milliseconds = performance.now() - begun;
  if (rows.some(({ platform }) => platform === undefined)) throw new Error(rows[0]!.reasons.join("\n"));
  const figures: FleetFigures = { milliseconds, slowest, kibibytes: resourceUsage().maxRSS };
  console.log(JSON.stringify(figures));
}

void main();
