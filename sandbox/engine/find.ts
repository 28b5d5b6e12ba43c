import { existsSync } from "node:fs";
import { homedir } from "node:os";
import * as path from "node:path";

import { UserError } from "../../errors";
import { installedCli } from "../../stack/cli";
import { withTemporaryFolder } from "../../temporary-folder";
import { execute } from "../machines/execute";
import { toolsFolder, buildTools, type BuildOptions } from "../tools/build";
import { cliTools } from "./build";

/** The Pulumi CLI to use, and where it came from. */
export interface Cli {
  readonly path: string;
  readonly version: string;
  readonly origin: "installed" | "brought by the npm package pulumi" | "built from its Go module";
}

/** A module of the package, which has no types. */
const wrapper = "pulumi/lib/resolve";

/** One on PATH, else the one that the npm package `pulumi` downloads, else, where it cannot, one that is built here. */
export async function findCli(options: BuildOptions): Promise<Cli> {
  const installed = installedCli();
  if (installed !== undefined) return cli(installed, "installed", options);
  // What was built once is not asked for again at a site that could not be reached.
  const built = existsSync(toolsFolder(cliTools));
  const brought = built ? undefined : await downloaded(options);
  if (brought !== undefined) return cli(brought, "brought by the npm package pulumi", options);
  return cli(path.join(await buildTools(cliTools, options), "pulumi"), "built from its Go module", options);
}

async function downloaded({ log, signal }: BuildOptions): Promise<string | undefined> {
  const resolve = `require(${JSON.stringify(require.resolve(wrapper))}).resolve()`;
  const script = `${resolve}.then((file) => console.log("\\n" + file), (error) => {
    console.error(error.message);
    process.exit(1);
  })`;
  try {
    // The package runs a script from the folder for temporary files, by a name that any user of this machine can tell beforehand.
    const { stdout } = await withTemporaryFolder("pulumi-cli", ({ path: TMPDIR }) =>
      execute(process.execPath, ["--eval", script], { env: { ...process.env, TMPDIR }, signal }),
    );
    return stdout.trim().split("\n").at(-1);
  } catch (error) {
    signal?.throwIfAborted();
    const { stderr, message } = error as Error & { stderr?: string };
    log(`the Pulumi CLI cannot be downloaded: ${stderr?.trim().split("\n").at(-1) || message}`);
    return undefined;
  }
}

/** Seconds; one that is broken may never answer. */
const answersWithin = 20;

async function cli(file: string, origin: Cli["origin"], { signal }: BuildOptions): Promise<Cli> {
  const environment = { ...process.env, PULUMI_SKIP_UPDATE_CHECK: "true" };
  const limits = { timeout: answersWithin * 1000, killSignal: "SIGKILL", signal } as const;
  let problem = "tells no version";
  try {
    const { stdout } = await execute(file, ["version"], { env: environment, ...limits });
    if (/^v?\d/.test(stdout)) return { path: file, version: stdout.trim(), origin };
  } catch (error) {
    signal?.throwIfAborted();
    const { killed, message } = error as Error & { killed?: boolean };
    problem = killed ? `does not answer within ${answersWithin} s` : `fails: ${message.trim()}`;
  }
  const advice =
    origin === "installed"
      ? "repair it, or take it off PATH"
      : `remove ${path.dirname(file)}, then run this again: it is made anew`;
  throw new UserError(`${file} version, of the Pulumi CLI that is ${origin}, ${problem}\n${advice}`);
}

/** Where the CLI keeps its downloads. */
export function pulumiHome(): string {
  return process.env.PULUMI_HOME || path.join(homedir(), ".pulumi");
}
