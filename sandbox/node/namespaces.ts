import { spawn } from "node:child_process";
import { once } from "node:events";

const enter = `mount --make-rshared / &&
  ip link set lo up &&
  mkdir -p /run/netns && mount -t tmpfs tmpfs /run/netns &&
  exec "$0" "$@"`;

/**
 * Runs a program as root in a network of its own, which reaches nothing outside, with mounts and processes of its own: whatever
 * it starts ends with it. Returns its exit code; it writes where this program does.
 */
export async function inNamespaces(
  program: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = process.env,
): Promise<number> {
  const namespaces = [
    "--net",
    "--mount",
    "--propagation",
    "private",
    "--pid",
    "--fork",
    "--kill-child",
    "--mount-proc",
  ];
  const child = spawn("unshare", [...namespaces, "sh", "-c", enter, program, ...args], {
    env,
    stdio: ["ignore", "inherit", "inherit"],
  });
  const [code] = (await once(child, "exit")) as [number | null];
  return code ?? 1;
}
