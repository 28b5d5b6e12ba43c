import { findEngine, Stacks } from "../../../sandbox/engine";
import { up } from "../../support/engine";

/** An up in a process of its own, which can be killed. */
async function main(): Promise<void> {
  const { DIRECTORY = "", STACK = "", OVERLAY = "{}" } = process.env;
  const stacks = new Stacks(await findEngine(`${DIRECTORY}/plugins`, { log: console.error }), DIRECTORY);
  const overlay = JSON.parse(OVERLAY) as Record<string, unknown>;
  await up({ stacks, stack: STACK, overlay, secrets: () => Promise.resolve({}) });
}

void main();
