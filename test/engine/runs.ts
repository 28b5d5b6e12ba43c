import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { stripVTControlCharacters } from "node:util";
import type { RunResult, StackRun } from "../../sandbox/engine";
import { display } from "../../sandbox/engine/display";
import type { Engine } from "../../sandbox/engine/engines";
import { changes } from "../acceptance/program/runs";

/** What a user reads. */
export function text(result: RunResult): string {
  return stripVTControlCharacters(result.printed ?? display(result, true));
}

/** Nothing is left to do after an up, and nothing on the cluster is other than remembered. */
export async function assertSettled(engine: Engine, run: StackRun): Promise<void> {
  assert.deepEqual(changes(await engine.up(run)), []);
  if (engine.cli) assert.deepEqual(changes(await engine.cli.refresh(run)), []);
  await assertUnchanged(engine, run);
}

/** A preview finds nothing to do. */
export async function assertUnchanged(engine: Engine, run: StackRun): Promise<void> {
  const previewed = engine.cli ? engine.cli.expectNoChanges(run) : engine.preview(run);
  assert.deepEqual(changes(await previewed), []);
}

/** What the engine keeps of a stack, and shows to who asks for it. */
export async function kept(engine: Engine, run: StackRun): Promise<string> {
  return engine.cli ? engine.cli.exported(run) : readFileSync(run.stateFile, "utf8");
}
