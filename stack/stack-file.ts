import { readFileSync } from "node:fs";
import * as path from "node:path";
import { parse } from "yaml";

import { isObject } from "../config/object";
import { UserError } from "../errors";
import { projectDirectory } from "../project";

interface ProjectFile {
  readonly name: string;
  config: Record<string, { default?: unknown; value?: unknown }>;
}

/** Pulumi's name of this project, which `pulumi new` lets people choose. */
export const projectName = readProject().name;

/** A key of the program as stack files and the engine have it. */
export const fullKey = (key: string): string => `${projectName}:${key}`;

/**
 * A stack's configuration as the program would get it: Pulumi.yaml's values and defaults, what Pulumi.NAME.yaml says,
 * and over both what only the caller can know. Full keys; objects and arrays as JSON, as the engine hands them over.
 */
export function stackConfiguration(stack: string, overlay: Record<string, unknown>): Record<string, string> {
  const project = readProject();
  const declared = Object.entries(project.config).map(
    ([key, { value, default: standard }]): [string, unknown] => [key, value ?? standard],
  );
  const merged = { ...withFullKeys(Object.fromEntries(declared)), ...stackValues(stack, overlay) };
  return Object.fromEntries(Object.entries(merged).map(([key, value]) => [key, asText(value)]));
}

/** What Pulumi.NAME.yaml says, and over it what only the caller can know; undefined says nothing. Full keys. */
export function stackValues(stack: string, overlay: Record<string, unknown>): Record<string, unknown> {
  const file = `Pulumi.${stack}.yaml`;
  return { ...withFullKeys(configIn(textOf(file), file)), ...withFullKeys(overlay) };
}

function withFullKeys(values: Record<string, unknown>): Record<string, unknown> {
  const said = Object.entries(values).filter(([, value]) => value !== undefined && value !== null);
  return Object.fromEntries(said.map(([key, value]) => [key.includes(":") ? key : fullKey(key), value]));
}

/** What a stack's file says under `config`. */
export function configIn(text: string, file: string): Record<string, unknown> {
  const { config } = (yamlIn(text, file) ?? {}) as { config?: unknown };
  if (config !== undefined && config !== null && !isObject(config))
    throw new UserError(`${file}: config must be keys with their values`);
  return config ?? {};
}

function readProject(): ProjectFile {
  return yamlIn(textOf("Pulumi.yaml"), "Pulumi.yaml") as ProjectFile;
}

function textOf(file: string): string {
  return readFileSync(path.join(projectDirectory, file), "utf8");
}

function yamlIn(text: string, file: string): unknown {
  try {
    return parse(text);
  } catch (error) {
    // Below its first line the parser quotes the file, and what it holds in plain text.
    throw new UserError(`${file} is not YAML: ${(error as Error).message.split("\n")[0]!.replace(/:$/, "")}`);
  }
}

function asText(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
