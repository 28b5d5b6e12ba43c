import { runCli } from "../../stack/cli";

/**
 * When each stack was last brought up, asked of the Pulumi CLI once for all of them. Without a CLI, or one that is not
 * logged in, nothing is known.
 */
export async function readLastUps(): Promise<Map<string, string>> {
  const signal = AbortSignal.timeout(20_000);
  const { exitCode, stdout } = await runCli(["stack", "ls", "--json"], { signal }).catch(() => nothing);
  const stacks = exitCode === 0 ? stacksIn(stdout) : [];
  return new Map(
    stacks.flatMap(({ name, lastUpdate = "" }) =>
      Number.isNaN(Date.parse(lastUpdate))
        ? []
        : [[name.split("/").at(-1)!, new Date(lastUpdate).toISOString()] as const],
    ),
  );
}

interface ListedStack {
  readonly name: string;
  readonly lastUpdate?: string;
}

/** None where the CLI wrote something else, such as a question. */
function stacksIn(output: string): readonly ListedStack[] {
  try {
    const listed = JSON.parse(output) as unknown;
    return Array.isArray(listed) ? (listed as ListedStack[]) : [];
  } catch {
    return [];
  }
}

const nothing = { exitCode: 1, stdout: "" };
