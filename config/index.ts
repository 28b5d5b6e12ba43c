import * as pulumi from "@pulumi/pulumi";
import { isKubeconfigContents } from "../kubernetes/kubeconfig";
import { describeIssues, describeViolation } from "./messages";
import { violations } from "./rules";
import { doubts } from "./unused";
import { type Configuration, configuration, secretKeys } from "./schema";
import { UserError } from "../errors";

// The SDK exports it, and leaves it out of its type declarations.
const { isConfigSecret } = pulumi.runtime as unknown as { isConfigSecret: (key: string) => boolean };

export type { Configuration } from "./schema";

/**
 * Reads and checks the whole stack configuration, before anything connects anywhere. All that is wrong with it is
 * reported at once, one line a value: key, value, limit.
 */
export function readConfiguration(): Configuration {
  const project = pulumi.getProject();
  const stack = pulumi.getStack();
  const raw = valuesFrom(pulumi.runtime.allConfig(), project);
  const plain = secretKeys.filter((key) => raw[key] && !isConfigSecret(`${project}:${key}`));
  const problems = plain.map(
    (key) => `${key}: is in plain text; encrypt it: pulumi config set --secret ${key}`,
  );
  const { kubeconfig } = raw;
  const contents = typeof kubeconfig === "object" || isKubeconfigContents(kubeconfig);
  if (contents && !isConfigSecret(`${project}:kubeconfig`)) {
    void pulumi.log.warn(
      `kubeconfig: is in plain text; if it holds credentials: pulumi config set --secret kubeconfig`,
    );
  }
  const config = checkConfiguration(raw, stack, problems);
  for (const text of doubts(config)) void pulumi.log.warn(text);
  return config;
}

/** The checks alone, on values as `pulumi config` holds them. */
export function checkConfiguration(
  raw: Record<string, unknown>,
  stack: string,
  problems: string[] = [],
): Configuration {
  const result = configuration.safeParse(raw);
  if (!result.success) fail(stack, [...problems, ...describeIssues(result.error.issues, raw)]);
  const found = violations(result.data, stack, raw).map((violation) => describeViolation(violation, raw));
  if (problems.length || found.length) fail(stack, [...problems, ...found]);
  return result.data;
}

function fail(stack: string, problems: string[]): never {
  throw new UserError(
    `configuration of stack "${stack}":\n${problems.map((problem) => `  - ${problem}`).join("\n")}`,
  );
}

/** A project's own keys. Objects and arrays come as JSON text; everything else as it was written. */
export function valuesFrom(config: Record<string, string>, project: string): Record<string, unknown> {
  const own = Object.entries(ownKeys(config, project));
  return Object.fromEntries(own.map(([key, text]) => [key, fromText(text)]));
}

/** Keys without the project's name in front of them, and without those of others. */
export function ownKeys<T>(config: Record<string, T>, project: string): Record<string, T> {
  const stray = Object.keys(config).find((key) => key.endsWith(":backend"));
  // `pulumi new` lets people choose the project's name, and leaves the stacks' files as they are.
  if (stray !== undefined && !(`${project}:backend` in config)) {
    throw new UserError(
      `key "${stray}" is not of this project, whose name in Pulumi.yaml is "${project}"; write "${project}:" in front of all keys`,
    );
  }
  const own = Object.entries(config).filter(([key]) => key.startsWith(`${project}:`));
  return Object.fromEntries(own.map(([key, value]) => [key.slice(project.length + 1), value]));
}

function fromText(text: string): unknown {
  if (!/^\s*[[{]/.test(text)) return text;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
