import { execFile } from "node:child_process";
import { promisify } from "node:util";

import { installedPath } from "../../config/installed-path";
import { projectDirectory } from "../../config/stack-file";

/**
 * When each stack was last brought up, asked of the Pulumi CLI once for all of them. Without a CLI, or one that is not
 * logged in, nothing is known.
 */
export async function readLastUps(): Promise<Map<string, string>> {
  const env = { ...process.env, PATH: installedPath(process.env) };
  try {
    const args = ["stack", "ls", "--json", "--non-interactive"];
    const { stdout } = await promisify(execFile)("pulumi", args, {
      cwd: projectDirectory,
      env,
      timeout: 20_000,
    });
    const stacks = JSON.parse(stdout) as { name: string; lastUpdate?: string }[];
    return new Map(
      stacks.flatMap(({ name, lastUpdate }) =>
        lastUpdate && !Number.isNaN(Date.parse(lastUpdate))
          ? [[name.split("/").at(-1)!, new Date(lastUpdate).toISOString()] as const]
          : [],
      ),
    );
  } catch {
    return new Map();
  }
}
