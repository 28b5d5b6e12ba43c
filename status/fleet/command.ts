import { readdirSync, writeFileSync } from "node:fs";

import { projectDirectory } from "../../project";
import { UserError } from "../../errors";
import { readHub } from "./hub";
import { readLastUps } from "./last-ups";
import { fleetPage } from "./page";
import { readFleet } from "./read";
import { fleetTable } from "./table";

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

/** Reads all stacks, prints them, and gives 1 when one of them is down or differs. */
export async function fleetStatus({
  stacks,
  atOnce,
  overlay,
  hub,
  json,
  html,
}: FleetCommand): Promise<number> {
  const [runs, lastUps] = await Promise.all([hub ? readHub(hub) : new Map<string, never>(), readLastUps()]);
  const rows = await readFleet({
    stacks: stacks.length ? stacks : allStacks(),
    atOnce,
    overlay,
    runs,
    lastUps,
  });
  const now = new Date();
  if (html !== undefined) write(html, fleetPage(rows, now));
  console.log(json ? JSON.stringify(rows, undefined, 2) : fleetTable(rows, now));
  return rows.some(({ level }) => level === "down" || level === "differs") ? 1 : 0;
}

function allStacks(): string[] {
  return readdirSync(projectDirectory).flatMap((file) => /^Pulumi\.(.+)\.yaml$/.exec(file)?.[1] ?? []);
}

function write(file: string, text: string): void {
  try {
    writeFileSync(file, text);
  } catch (error) {
    throw new UserError(`--html "${file}": cannot be written: ${(error as Error).message}`);
  }
}
