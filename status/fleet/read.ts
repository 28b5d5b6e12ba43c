import pLimit from "p-limit";

import type { Configuration } from "../../config";
import { NoAnswer } from "../../kubernetes/client-error";
import { configurationOf } from "../../stack/configuration";
import { readStatus, type Status } from "../status";
import { expiriesOf } from "./expiry";
import type { HubRun } from "./hub";
import { judged, rowOfUnread } from "./judge";
import { byCare, type Row } from "./row";

/** What a cluster may take before its row says that it does not answer. */
const answerSeconds = 20;

export interface ReadOptions {
  readonly stacks: readonly string[];
  /** How many are read at once. */
  readonly atOnce: number;
  /** Over what the stacks' files say. */
  readonly overlay: Record<string, unknown>;
  readonly runs: ReadonlyMap<string, readonly HubRun[]>;
  /** When each stack was last brought up (ISO 8601), where that is known. */
  readonly lastUps: ReadonlyMap<string, string>;
}

/** How one stack is read. */
export interface Reader {
  configurationOf(stack: string, overlay: Record<string, unknown>): Promise<Configuration>;
  readStatus(config: Configuration): Promise<Status>;
}

/** All stacks side by side, worst first. One that cannot be read costs its own row. */
export async function readFleet(
  options: ReadOptions,
  reader: Reader = { configurationOf, readStatus },
): Promise<Row[]> {
  const limit = pLimit(options.atOnce);
  const rows = await Promise.all(options.stacks.map((stack) => limit(() => readRow(stack, options, reader))));
  return rows.sort(byCare);
}

async function readRow(stack: string, { overlay, runs, lastUps }: ReadOptions, reader: Reader): Promise<Row> {
  const begun = performance.now();
  const ofHub = runs.get(stack) ?? [];
  const lastUp = lastUps.get(stack) ?? latestUp(ofHub);
  const found = (config?: Configuration) => ({
    stack,
    expiries: config ? orNone(() => expiriesOf(config)) : [],
    runs: ofHub,
    seconds: Math.round((performance.now() - begun) / 100) / 10,
    ...(lastUp && { lastUp }),
  });
  let config: Configuration | undefined;
  try {
    config = await reader.configurationOf(stack, overlay);
    const status = await within(answerSeconds, reader.readStatus(config));
    return judged(found(config), status, new Date());
  } catch (error) {
    return rowOfUnread(found(config), error as Error, new Date());
  }
}

async function within<T>(seconds: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const say = () => reject(new NoAnswer(`no answer within ${seconds} s`));
    timer = setTimeout(say, seconds * 1000);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

function latestUp(runs: readonly HubRun[]): string | undefined {
  const ups = runs.filter(({ type, state }) => type === "up" && state === "succeeded");
  return ups
    .map(({ at }) => at)
    .sort()
    .at(-1);
}

/** The user's credentials only inform: a kubeconfig that cannot be read is told by who reads the cluster. */
function orNone<T>(read: () => T[]): T[] {
  try {
    return read();
  } catch {
    return [];
  }
}
