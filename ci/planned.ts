import { readFileSync } from "node:fs";
import * as path from "node:path";

/** What is kept of a plan beside the engine's own file. */
export interface Planned {
  readonly stack: string;
  /** When the last update of the stack began that the plan knows of. */
  readonly state: string;
  readonly hasChanges: boolean;
}

export const planFile = "plan.json";
export const plannedFile = "planned.json";

export function readPlanned(folder: string): Planned {
  return JSON.parse(readFileSync(path.join(folder, plannedFile), "utf8")) as Planned;
}
