import { existsSync, readFileSync } from "node:fs";
import * as path from "node:path";

import { UserError } from "../../errors";

/** What is kept of a plan beside the engine's own file. */
export interface Planned {
  readonly stack: string;
  /** When the last update of the stack began that the plan knows of. */
  readonly state: string;
  readonly hasChanges: boolean;
}

export const updatePlanFile = "plan.json";
export const plannedFile = "planned.json";

export function readPlanned(folder: string): Planned {
  const file = path.join(folder, plannedFile);
  if (!existsSync(file)) throw noPlan(folder);
  return JSON.parse(readFileSync(file, "utf8")) as Planned;
}

export function noPlan(folder: string): UserError {
  return new UserError(`${folder} holds no plan; make one with ci/jobs/plan.ts`);
}
