import { setTimeout as sleep } from "node:timers/promises";
import type { V1Pod } from "@kubernetes/client-node";
import { UserError } from "../errors";
import { quote } from "../hosts/quote";
import { output, type Shell } from "./shell";

/** Whether clients reach the registry's pods, and whether any still do: what a hold is worth is seen, not believed. */

/** Whether the pod's port answers where the shell runs; a registry that wants TLS says so, too. */
export async function reaches(shell: Shell, pod: V1Pod, port: number): Promise<boolean> {
  const address = quote(pod.status?.podIP ?? "");
  const script = `ask() { printf 'GET / HTTP/1.0\\r\\n\\r\\n'; }
    if command -v nc >/dev/null
    then answer=$(ask | timeout 5 nc -w 3 ${address} ${port} 2>/dev/null | head -c 1)
    else answer=$(ask | timeout 5 bash -c 'exec 3<>"/dev/tcp/$0/$1"; cat >&3; head -c 1 <&3' ${address} ${port} 2>/dev/null)
    fi
    [ -n "$answer" ] && echo open || echo closed`;
  return (await output(shell, script)).trim() === "open";
}

/** Waits until the mover, which reached the pods before, no longer does. */
export async function untilHeld(
  shell: Shell,
  pods: readonly V1Pod[],
  port: number,
  seconds: number,
): Promise<void> {
  const deadline = Date.now() + seconds * 1000;
  for (const pod of pods) {
    while (await reaches(shell, pod, port)) {
      if (Date.now() > deadline) {
        throw new UserError(
          `pushes cannot be held: ${seconds} s after NetworkPolicy image-registry-hold was set, pod ${pod.metadata?.name} still ` +
            `takes connections. The cluster's network does not enforce policies, or another policy lets clients in`,
        );
      }
      await sleep(1000);
    }
  }
}

/** Waits until no connection is open that was before the hold: networks may let these go on. */
export async function untilDrained(
  shells: readonly Shell[],
  port: number,
  seconds: number,
  progress: (line: string) => void,
): Promise<void> {
  const deadline = Date.now() + seconds * 1000;
  for (const shell of shells) {
    for (;;) {
      const open = connectionsTo(
        port,
        await output(shell, "cat /proc/net/tcp /proc/net/tcp6 2>/dev/null || cat /proc/net/tcp"),
      );
      if (open === 0) break;
      if (Date.now() > deadline)
        throw new UserError(
          `in ${shell.place} ${open} connections stay open ${seconds} s after pushes were held`,
        );
      progress(`waiting until ${open} connections to ${shell.place} have ended`);
      await sleep(1000);
    }
  }
}

/** How many connections to a port are open, as Linux tells it in /proc/net/tcp. */
export function connectionsTo(port: number, table: string): number {
  const local = port.toString(16).toUpperCase().padStart(4, "0");
  const established = "01";
  return table.split("\n").filter((line) => {
    const [, address = "", , state] = line.trim().split(/\s+/);
    return address.endsWith(`:${local}`) && state === established;
  }).length;
}
