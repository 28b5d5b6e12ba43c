import { setTimeout } from "node:timers/promises";

export async function sleep(milliseconds: number): Promise<void> {
  await setTimeout(milliseconds);
}
