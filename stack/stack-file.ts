import { readFileSync } from "node:fs";
import * as path from "node:path";
import { parse } from "yaml";

import { projectDirectory } from "../project";

interface ProjectFile {
  readonly name: string;
  config: Record<string, { default?: unknown; value?: unknown }>;
}

interface StackFile {
  config?: Record<string, unknown>;
}

/** Pulumi's name of this project, which `pulumi new` lets people choose. */
export const projectName = readYaml<ProjectFile>("Pulumi.yaml").name;

/** A key of the program as stack files and the engine have it. */
export const fullKey = (key: string): string => `${projectName}:${key}`;

/**
 * A stack's configuration as the program would get it: Pulumi.yaml's values and defaults, what Pulumi.NAME.yaml says,
 * and over both what only the caller can know. Full keys; objects and arrays as JSON, as the engine hands them over.
 */
export function stackConfiguration(stack: string, overlay: Record<string, unknown>): Record<string, string> {
  const project = readYaml<ProjectFile>("Pulumi.yaml");
  const declared = Object.entries(project.config).map(
    ([key, { value, default: standard }]): [string, unknown] => [key, value ?? standard],
  );
  const merged = { ...withFullKeys(Object.fromEntries(declared)), ...stackValues(stack, overlay) };
  return Object.fromEntries(Object.entries(merged).map(([key, value]) => [key, asText(value)]));
}

/** What Pulumi.NAME.yaml says, and over it what only the caller can know; undefined says nothing. Full keys. */
export function stackValues(stack: string, overlay: Record<string, unknown>): Record<string, unknown> {
  const chosen = readYaml<StackFile>(`Pulumi.${stack}.yaml`).config ?? {};
  return { ...withFullKeys(chosen), ...withFullKeys(overlay) };
}

function withFullKeys(values: Record<string, unknown>): Record<string, unknown> {
  const said = Object.entries(values).filter(([, value]) => value !== undefined && value !== null);
  return Object.fromEntries(said.map(([key, value]) => [key.includes(":") ? key : fullKey(key), value]));
}

function readYaml<T>(file: string): T {
  return parse(readFileSync(path.join(projectDirectory, file), "utf8")) as T;
}

function asText(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
