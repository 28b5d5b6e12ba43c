import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { parse, stringify } from "yaml";

import { UserError } from "../../errors";
import { projectDirectory } from "../../project";
import { stackValues } from "../../stack/stack-file";

/**
 * The project as the CLI sees it in the sandbox: all of it, Pulumi.yaml as it is, but with stack files of the sandbox's
 * own, so that nothing is written to the checkout. Returns the folder.
 */
export function linkProject(directory: string): string {
  const folder = path.join(directory, "project");
  mkdirSync(folder, { recursive: true });
  const isStackFile = (name: string) => /^Pulumi\..+\.yaml$/.test(name);
  for (const name of readdirSync(projectDirectory)) {
    const link = path.join(folder, name);
    if (name.startsWith(".") || isStackFile(name) || existsSync(link)) continue;
    symlinkSync(path.join(projectDirectory, name), link);
  }
  return folder;
}

/** A stack on the sandbox: what its file says, and what the sandbox says over it. */
export interface StackConfiguration {
  readonly stack: string;
  /** Over what Pulumi.NAME.yaml says, by key; undefined says nothing. Texts of `secretKeys` are kept encrypted. */
  readonly overlay: Readonly<Record<string, unknown>>;
  readonly secretKeys: readonly string[];
}

/** Writes the stack's file, with what its secrets were encrypted with; returns what is still to encrypt. */
export function writeStackFile(
  folder: string,
  { stack, overlay, secretKeys }: StackConfiguration,
): Record<string, string> {
  const file = path.join(folder, `Pulumi.${stack}.yaml`);
  const values = stackValues(stack, overlay);
  const foreign = Object.entries(values).find(([, value]) => isEncrypted(value));
  if (foreign) {
    throw new UserError(
      `${foreign[0]}: is encrypted in Pulumi.${stack}.yaml, and the sandbox has no key to it: run another stack, or a copy of its file without it`,
    );
  }
  const isSecret = (key: string) => secretKeys.includes(key) && values[key] !== "";
  const plain = Object.entries(values).filter(([key]) => !isSecret(key));
  const secret = Object.entries(values).filter(([key]) => isSecret(key));
  const written = parse(readFileSync(file, "utf8")) as object; // encryptionsalt, or secretsprovider and encryptedkey
  writeFileSync(file, stringify({ ...written, config: Object.fromEntries(plain) }), { mode: 0o600 });
  return Object.fromEntries(secret.map(([key, value]) => [key, String(value)]));
}

function isEncrypted(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  return "secure" in value || Object.values(value).some(isEncrypted);
}
