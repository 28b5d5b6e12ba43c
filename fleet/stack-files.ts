import { parse } from "yaml";

import { checkConfiguration, type Configuration, ownKeys } from "../config";
import { secretKeys } from "../config/schema";
import { isObject } from "../config/object";
import { unread } from "../config/values";
import { isKubeconfigContents } from "../kubernetes/kubeconfig";
import { UserError } from "../errors";
import { configIn } from "../stack/stack-file";
import type { Checkout } from "./git";

/** A stack as a commit has it. */
export interface CommittedStack {
  readonly name: string;
  /** Encrypted values are "[encrypted]" here: they are looked at by nobody but the workspace. */
  readonly configuration: Configuration;
  /** Whether the stack's file holds a kubeconfig, encrypted. */
  readonly hasKubeconfig: boolean;
}

interface ProjectFile {
  readonly name: string;
}

const stackFile = /^Pulumi\.(.+)\.yaml$/;
const mayBeEncrypted = [...secretKeys, "kubeconfig"];

/** The names of all stacks that a commit has a file of. */
export function committedStacks(checkout: Checkout, commit: string): string[] {
  return checkout.files(commit).flatMap((file) => stackFile.exec(file)?.[1] ?? []);
}

/** Reads a stack's file at a commit, and checks it as the program would, as far as that needs no passphrase. */
export function readStack(
  checkout: Checkout,
  commit: string,
  name: string,
  overlay: Record<string, unknown> = {},
): CommittedStack {
  const file = `Pulumi.${name}.yaml`;
  const text = checkout.text(commit, file);
  if (text === undefined)
    throw new UserError(`stack "${name}": commit ${commit.slice(0, 12)} has no ${file}; commit and push it`);
  const values = { ...configOf(text, file, projectName(checkout, commit)), ...overlay };
  const unreadable = Object.keys(values).find(
    (key) => holdsEncrypted(values[key]) && !mayBeEncrypted.includes(key),
  );
  if (unreadable !== undefined) {
    throw new UserError(
      `stack "${name}": ${unreadable} is encrypted, and cannot be checked; only ${mayBeEncrypted.join(", ")} need be`,
    );
  }
  const hasKubeconfig = holdsEncrypted(values.kubeconfig);
  const problems = secretKeys
    .filter((key) => values[key] && !holdsEncrypted(values[key]))
    .map((key) => `${key}: is in plain text; encrypt it: pulumi config set --secret ${key}`);
  if (!hasKubeconfig && values.kubeconfig) problems.push(kubeconfigProblem(values.kubeconfig));
  return { name, hasKubeconfig, configuration: checkConfiguration(readable(values), name, problems) };
}

function kubeconfigProblem(value: unknown): string {
  if (isObject(value) || isKubeconfigContents(value))
    return "kubeconfig: is in plain text; leave it empty, and put it in the hub's Secret";
  return `kubeconfig: ${JSON.stringify(value)} is a file of one machine; leave it empty, and put it in the hub's Secret`;
}

function projectName(checkout: Checkout, commit: string): string {
  const text = checkout.text(commit, "Pulumi.yaml");
  if (text === undefined) throw new UserError(`commit ${commit.slice(0, 12)} has no Pulumi.yaml`);
  return (parse(text) as ProjectFile).name;
}

/** A stack's own keys, without the project's name in front of them. */
function configOf(text: string, file: string, project: string): Record<string, unknown> {
  return ownKeys(configIn(text, file), project);
}

function isEncrypted(value: unknown): boolean {
  return isObject(value) && Object.keys(value).length === 1 && typeof value.secure === "string";
}

function holdsEncrypted(value: unknown): boolean {
  if (isEncrypted(value)) return true;
  if (Array.isArray(value)) return value.some(holdsEncrypted);
  return isObject(value) && Object.values(value).some(holdsEncrypted);
}

function readable(values: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(values).map(([key, value]) => [key, isEncrypted(value) ? unread : value]),
  );
}
