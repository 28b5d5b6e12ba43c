import { fork } from "node:child_process";
import { once } from "node:events";
import { rmSync } from "node:fs";
import { until } from "../../../kubernetes/until";
import type { KubeletCluster } from "./cluster";

/** An up that is killed, with all that it runs, as soon as something is so. */
export async function upUntil(
  cluster: KubeletCluster,
  change: Readonly<Record<string, unknown>>,
  isThen: () => Promise<unknown>,
): Promise<void> {
  const { stack, overlay } = cluster.stack(change);
  const dying = fork(`${__dirname}/up.ts`, [], {
    execArgv: ["--require", "./loader/typescript.js"],
    env: { ...process.env, DIRECTORY: cluster.directory, STACK: stack, OVERLAY: JSON.stringify(overlay) },
    detached: true,
  });
  const ended = once(dying, "exit");
  const look = async () => (dying.exitCode === null ? (await isThen()) || undefined : null);
  const seen = await until(look, {
    seconds: 300,
    every: 0.05,
    otherwise: () => new Error("it never was so"),
  });
  if (seen === null) throw new Error("the up ended before it was so");
  process.kill(-dying.pid!, "SIGKILL");
  await ended;
  rmSync(`${cluster.directory}/backend/.pulumi/locks`, { recursive: true, force: true });
}
