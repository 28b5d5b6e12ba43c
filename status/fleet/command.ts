import { accessSync, constants, existsSync, readdirSync, statSync, writeFileSync } from "node:fs";
import * as path from "node:path";

import { projectDirectory } from "../../project";
import { UserError } from "../../errors";
import type { ClusterClient } from "../../kubernetes/client";
import { hubAt, type HubRun, readHub } from "./hub";
import { readLastUps } from "./last-ups";
import { fleetPage } from "./page";
import { readFleet } from "./read";
import { fleetTable } from "./table";
import { printable } from "../printable";

export interface FleetCommand {
  /** Names; none: every Pulumi.NAME.yaml. */
  readonly stacks: readonly string[];
  readonly atOnce: number;
  readonly overlay: Record<string, unknown>;
  /** Path of a kubeconfig. */
  readonly hub?: string;
  readonly json: boolean;
  /** Path of the page to write. */
  readonly html?: string;
}

/** Reads all stacks, prints them, and gives 1 when one of them is down or differs, or the hub cannot be asked. */
export async function fleetStatus({
  stacks,
  atOnce,
  overlay,
  hub,
  json,
  html,
}: FleetCommand): Promise<number> {
  if (html !== undefined) checkWritable(html);
  const names = stacks.length ? [...new Set(stacks)] : allStacks();
  const asked = hub === undefined ? undefined : askHub(hubAt(hub));
  const rows = await readFleet({
    stacks: names,
    atOnce,
    overlay,
    runs: asked?.then(({ runs }) => runs) ?? new Map<string, never>(),
    lastUps: readLastUps(),
  });
  const problem = (await asked)?.problem;
  const now = new Date();
  console.log(
    json ? JSON.stringify(rows, undefined, 2) : fleetTable(printable(rows), now, process.stdout.columns),
  );
  if (problem) console.error(`warning: --hub: ${printable(problem)}`);
  if (html !== undefined) write(html, fleetPage(rows, now, problem));
  const needCare = rows.some(({ level }) => level === "down" || level === "differs");
  return needCare || problem ? 1 : 0;
}

interface AskedHub {
  readonly runs: ReadonlyMap<string, readonly HubRun[]>;
  /** Why it said nothing. */
  readonly problem?: string;
}

/** A hub that is away costs only what it would have said. */
async function askHub(client: ClusterClient): Promise<AskedHub> {
  try {
    return { runs: await readHub(client) };
  } catch (error) {
    if (error instanceof UserError) return { runs: new Map(), problem: error.message };
    throw error;
  }
}

function allStacks(): string[] {
  const names = readdirSync(projectDirectory).flatMap((file) => /^Pulumi\.(.+)\.yaml$/.exec(file)?.[1] ?? []);
  if (names.length === 0) throw new UserError("--all: there is no Pulumi.NAME.yaml here");
  return names;
}

/** Before a minute has gone into what cannot be kept. */
function checkWritable(file: string): void {
  attempt(file, () => {
    accessSync(existsSync(file) ? file : path.dirname(file), constants.W_OK);
    if (statSync(file, { throwIfNoEntry: false })?.isDirectory()) throw new Error("it is a directory");
  });
}

function write(file: string, text: string): void {
  attempt(file, () => writeFileSync(file, text));
}

function attempt(file: string, work: () => void): void {
  try {
    work();
  } catch (error) {
    throw new UserError(`--html "${file}": cannot be written: ${(error as Error).message}`);
  }
}
