import { readFileSync } from "node:fs";
import * as path from "node:path";
import { parse } from "yaml";

import { projectDirectory } from "../project";

interface ProjectFile {
  name: string;
  config: Record<string, { default?: unknown; value?: unknown }>;
}

interface StackFile {
  config?: Record<string, unknown>;
}

/**
 * A stack's configuration as the program would get it: Pulumi.yaml's values and defaults, what Pulumi.NAME.yaml says,
 * and over both what only the sandbox can know. Full keys; objects and arrays as JSON, as the engine hands them over.
 */
export function stackConfiguration(stack: string, overlay: Record<string, unknown>): Record<string, string> {
  const project = readYaml<ProjectFile>("Pulumi.yaml");
  const declared = Object.entries(project.config).map(([key, { value, default: standard }]) => [
    key,
    value ?? standard,
  ]);
  const chosen = Object.entries(readYaml<StackFile>(`Pulumi.${stack}.yaml`).config ?? {});
  const merged = new Map<string, unknown>();
  for (const [key, value] of [...declared, ...chosen, ...Object.entries(overlay)] as [string, unknown][]) {
    if (value !== undefined && value !== null)
      merged.set(key.includes(":") ? key : `${project.name}:${key}`, value);
  }
  return Object.fromEntries([...merged].map(([key, value]) => [key, asText(value)]));
}

function readYaml<T>(file: string): T {
  return parse(readFileSync(path.join(projectDirectory, file), "utf8")) as T;
}

function asText(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
