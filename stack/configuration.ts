import { existsSync, readFileSync } from "node:fs";
import * as path from "node:path";

import { checkConfiguration, type Configuration, valuesFrom } from "../config";
import { projectDirectory } from "../project";
import { UserError } from "../errors";
import { runCli } from "./cli";
import { projectName, stackConfiguration } from "./stack-file";

/**
 * A stack's configuration, from its file; where the file holds encrypted values, from the Pulumi CLI, which can read
 * them. `overlay` stands over both.
 */
export async function configurationOf(
  stack: string,
  overlay: Record<string, unknown>,
): Promise<Configuration> {
  const name = stack.split("/").at(-1) ?? stack;
  const file = path.join(projectDirectory, `Pulumi.${name}.yaml`);
  if (!existsSync(file)) throw new UserError(`--stack "${stack}": there is no Pulumi.${name}.yaml`);
  const decrypted = hasSecrets(file) ? await decryptedValues(stack) : {};
  const values = stackConfiguration(name, { ...decrypted, ...overlay });
  return checkConfiguration(valuesFrom(values, projectName), name);
}

function hasSecrets(file: string): boolean {
  return /^\s*(- )?secure:/m.test(readFileSync(file, "utf8"));
}

/** Seconds; a state's backend or a KMS that does not answer would hold the CLI for ever. */
const cliSeconds = 20;

async function decryptedValues(stack: string): Promise<Record<string, string>> {
  const args = ["config", "--json", "--show-secrets", "--stack", stack];
  const signal = AbortSignal.timeout(cliSeconds * 1000);
  const { exitCode, stdout, output } = await runCli(args, { signal });
  if (signal.aborted) {
    throw new UserError(
      `stack "${stack}" has encrypted values, and the Pulumi CLI gave none within ${cliSeconds} s: ${output.trim() || "it said nothing"}`,
    );
  }
  if (exitCode !== 0) {
    throw new UserError(
      `stack "${stack}" has encrypted values, which only the Pulumi CLI can read: ${output.trim()}`,
    );
  }
  const shown = JSON.parse(stdout) as Record<string, { value?: string }>;
  return Object.fromEntries(
    Object.entries(shown).flatMap(([key, { value }]) => (value === undefined ? [] : [[key, value]])),
  );
}
