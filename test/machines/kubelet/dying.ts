import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, rmSync } from "node:fs";
import { until } from "../../../kubernetes/until";
import type { KubeletCluster } from "./cluster";

/** An up that is killed, with the CLI and all that it runs, as soon as something is so. */
export async function upUntil(
  cluster: KubeletCluster,
  change: Readonly<Record<string, unknown>>,
  isThen: () => Promise<unknown>,
): Promise<void> {
  const { stack, overlay } = cluster.stack(change);
  const node = [process.execPath, "--require", "./loader/typescript.js", `${__dirname}/up.ts`];
  const dying = spawn("unshare", ["--pid", "--fork", "--mount-proc", ...node], {
    env: { ...process.env, DIRECTORY: cluster.directory, STACK: stack, OVERLAY: JSON.stringify(overlay) },
    stdio: ["ignore", "inherit", "inherit"],
  });
  const ended = once(dying, "exit");
  const look = async () => (dying.exitCode === null ? (await isThen()) || undefined : null);
  const seen = await until(look, {
    seconds: 300,
    every: 0.05,
    otherwise: () => new Error("it never was so"),
  });
  if (seen === null) throw new Error("the up ended before it was so");
  // The first process of a PID namespace has ended when every other one of it has: pid_namespaces(7).
  process.kill(Number(readFileSync(`/proc/${dying.pid}/task/${dying.pid}/children`, "utf8")), "SIGKILL");
  await ended;
  rmSync(`${cluster.directory}/backend/.pulumi/locks`, { recursive: true, force: true });
}
