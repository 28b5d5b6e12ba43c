import { execFile } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { homedir } from "node:os";
import * as path from "node:path";
import { promisify } from "node:util";
import { PulumiCommand } from "@pulumi/pulumi/automation";

const patience = 120_000;

/**
 * The Pulumi CLI to use: one on PATH, else the one that the npm package `pulumi` brings with its first run. That one
 * needs Pulumi's own download site; where it cannot be reached, there is none.
 */
export async function findPulumi(): Promise<PulumiCommand | undefined> {
  const wrapper = require.resolve("pulumi/run.js");
  const folders = (process.env.PATH ?? "").split(path.delimiter);
  const installed = folders.find((folder) => path.basename(folder) === "bin" && hasPulumi(folder));
  if (installed !== undefined)
    return PulumiCommand.get({ root: path.dirname(installed) }).catch(() => undefined);
  try {
    const env = { ...process.env, PULUMI_SKIP_UPDATE_CHECK: "true" };
    const { stdout } = await promisify(execFile)(process.execPath, [wrapper, "version"], {
      env,
      timeout: patience,
    });
    const home = process.env.PULUMI_HOME ?? path.join(homedir(), ".pulumi");
    return await PulumiCommand.get({ root: path.join(home, "versions", stdout.trim().replace(/^v/, "")) });
  } catch {
    return undefined;
  }
}

function hasPulumi(folder: string): boolean {
  try {
    accessSync(path.join(folder, "pulumi"), constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Makes sure of the plugins that a project's program needs; says why they are not to be had, if they are not. */
export async function withoutPlugins(
  { command }: PulumiCommand,
  projectDirectory: string,
): Promise<string | undefined> {
  const env = { ...process.env, PULUMI_SKIP_UPDATE_CHECK: "true" };
  try {
    await promisify(execFile)(command, ["plugin", "install"], {
      cwd: projectDirectory,
      env,
      timeout: patience,
    });
    return undefined;
  } catch (error) {
    const { stdout = "", stderr = "", message } = error as Error & { stdout?: string; stderr?: string };
    return `${stdout}\n${stderr}`.trim().split("\n").at(-1) || message;
  }
}
