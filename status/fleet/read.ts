import pLimit from "p-limit";

import type { Configuration } from "../../config";
import { NoAnswer } from "../../kubernetes/client-error";
import { configurationOf } from "../../stack/configuration";
import { type Patience, readStatus, type Status } from "../status";
import { expiriesOf } from "./expiry";
import type { HubRun } from "./hub";
import { judged, rowOfUnread } from "./judge";
import { byCare, type Row } from "./row";

/** What a stack's cluster and host may take together before its row says so. */
const answerSeconds = 20;
/** Less than that, so that the row names who did not answer, and a host that hangs leaves what the cluster said. */
const patience: Patience = { cluster: 15, host: 15 };

/** What else is known of the stacks, told as soon as it is. */
type Told<T> = ReadonlyMap<string, T> | Promise<ReadonlyMap<string, T>>;

export interface ReadOptions {
  readonly stacks: readonly string[];
  /** How many are read at once. */
  readonly atOnce: number;
  /** Over what the stacks' files say. */
  readonly overlay: Record<string, unknown>;
  readonly runs: Told<readonly HubRun[]>;
  /** When each stack was last brought up (ISO 8601), where that is known. */
  readonly lastUps: Told<string>;
}

/** How one stack is read. */
export interface Reader {
  configurationOf(stack: string, overlay: Record<string, unknown>): Promise<Configuration>;
  readStatus(config: Configuration, patience: Patience): Promise<Status>;
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
  const read = await attempted(stack, overlay, reader);
  const seconds = Math.round((performance.now() - begun) / 100) / 10;
  const name = stack.split("/").at(-1)!;
  const ofHub = (await runs).get(name) ?? [];
  const lastUp = (await lastUps).get(name) ?? latestUp(ofHub);
  const { config } = read;
  const expiries = config ? orNone(() => expiriesOf(config)) : [];
  const found = { stack, expiries, runs: ofHub, seconds, ...(lastUp && { lastUp }) };
  return "status" in read
    ? judged(found, read.config, read.status, new Date())
    : rowOfUnread({ ...found, ...(config && { context: config.context }) }, read.error, new Date());
}

type Read =
  | { readonly config: Configuration; readonly status: Status }
  | { readonly config?: Configuration; readonly error: Error };

async function attempted(stack: string, overlay: Record<string, unknown>, reader: Reader): Promise<Read> {
  let config: Configuration | undefined;
  try {
    config = await reader.configurationOf(stack, overlay);
    return { config, status: await within(answerSeconds, reader.readStatus(config, patience)) };
  } catch (error) {
    return { ...(config && { config }), error: error as Error };
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
