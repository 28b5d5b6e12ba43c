import { setTimeout as sleep } from "node:timers/promises";
import { output } from "./shell";
import type { StoreAt } from "./store";

/**
 * A client of NFS shows a folder as it was until the time is up for which it keeps attributes, also when another client has put
 * something there: the mover is one, and the registry's pods are others.
 */
export async function untilSeen({ shell, root }: StoreAt, progress: (line: string) => void): Promise<void> {
  const seconds = cacheSeconds(await output(shell, "cat /proc/mounts"), root);
  if (seconds === 0) return;
  progress(`waiting ${seconds} s until the mover sees all that was pushed: NFS shows it that late`);
  await sleep(seconds * 1000);
}

/** Seconds for which folders below a mount point may be shown as they were, by what /proc/mounts says of it; 0: no NFS. */
export function cacheSeconds(table: string, mountPoint: string): number {
  const mounts = table.split("\n").map((line) => line.split(" "));
  const [, , type = "", options = ""] = mounts.findLast(([, at]) => at === mountPoint) ?? [];
  if (!type.startsWith("nfs")) return 0;
  if (options.split(",").includes("noac")) return 0;
  const [, seconds = "60"] = /(?:^|,)acdirmax=(\d+)/.exec(options) ?? []; // nfs(5)
  return Number(seconds) + 1;
}
