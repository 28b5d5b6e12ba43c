import { runCli } from "../../stack/cli";

/**
 * When each stack was last brought up, asked of the Pulumi CLI once for all of them. Without a CLI, or one that is not
 * logged in, nothing is known.
 */
export async function readLastUps(): Promise<Map<string, string>> {
  const signal = AbortSignal.timeout(20_000);
  const { exitCode, stdout } = await runCli(["stack", "ls", "--json"], { signal }).catch(() => nothing);
  if (exitCode !== 0) return new Map();
  const stacks = JSON.parse(stdout) as { name: string; lastUpdate?: string }[];
  return new Map(
    stacks.flatMap(({ name, lastUpdate = "" }) =>
      Number.isNaN(Date.parse(lastUpdate))
        ? []
        : [[name.split("/").at(-1)!, new Date(lastUpdate).toISOString()] as const],
    ),
  );
}

const nothing = { exitCode: 1, stdout: "" };
