import { isDeepStrictEqual } from "node:util";
import { runtime } from "@pulumi/pulumi";

/** Property values as they travel between program and engine: JSON, with markers for secrets and unknowns. */
export type PropertyMap = Record<string, unknown>;

export function isMap(value: unknown): value is PropertyMap {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function isSecret(value: unknown): value is PropertyMap {
  return isMap(value) && value[runtime.specialSigKey] === runtime.specialSecretSig;
}

export function secret(value: unknown): unknown {
  return isSecret(value) ? value : { [runtime.specialSigKey]: runtime.specialSecretSig, value };
}

/** Maps every secret of the value, outermost first, and copies the rest. */
export function mapSecrets(value: unknown, replace: (plain: unknown) => unknown): unknown {
  if (isSecret(value)) return replace(value.value);
  if (Array.isArray(value)) return value.map((item) => mapSecrets(item, replace));
  if (!isMap(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mapSecrets(item, replace)]));
}

/** The plain value: what a provider works with. */
export function reveal<T = PropertyMap>(value: unknown): T {
  return mapSecrets(value, (plain) => reveal(plain)) as T;
}

/** What may be shown: secrets and values that are not known yet are named, not printed. */
export function mask(value: unknown): unknown {
  const shown = mapSecrets(value, () => "[secret]");
  return replaceUnknowns(shown);
}

function replaceUnknowns(value: unknown): unknown {
  if (value === runtime.unknownValue) return "[unknown]";
  if (Array.isArray(value)) return value.map(replaceUnknowns);
  if (!isMap(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, replaceUnknowns(item)]));
}

export function hasUnknown(value: unknown): boolean {
  if (value === runtime.unknownValue) return true;
  if (Array.isArray(value)) return value.some(hasUnknown);
  return isMap(value) && Object.values(value).some(hasUnknown);
}

export function containsSecret(value: unknown): boolean {
  if (isSecret(value)) return true;
  if (Array.isArray(value)) return value.some(containsSecret);
  return isMap(value) && Object.values(value).some(containsSecret);
}

/**
 * Marks as secret in the outputs what is secret in the inputs, as deep as both are objects: a cluster echoes what it
 * was sent.
 */
export function copySecrets(outputs: PropertyMap, inputs: PropertyMap): PropertyMap {
  const marked = { ...outputs };
  for (const [key, input] of Object.entries(inputs)) {
    const output = marked[key];
    if (output === undefined || isSecret(output)) continue;
    if (isMap(output) && isMap(input) && !isSecret(input)) marked[key] = copySecrets(output, input);
    else if (containsSecret(input)) marked[key] = secret(output);
  }
  return marked;
}

/** The names of the properties in which two maps differ, secrets revealed. */
export function changedKeys(before: PropertyMap, after: PropertyMap): string[] {
  const [a, b] = [reveal(before), reveal(after)];
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].filter(
    (key) => !isDeepStrictEqual(a[key], b[key]),
  );
}

/** A path as Pulumi writes it: `spec.ports[0].port`, `metadata.annotations["pulumi.com/waitFor"]`. */
export function propertyPath(parts: readonly (string | number)[]): string {
  return parts.reduce<string>((path, part) => {
    if (typeof part === "number") return `${path}[${part}]`;
    if (/[."[\]]/.test(part)) return `${path}["${part.replaceAll('"', '\\"')}"]`;
    return path === "" ? part : `${path}.${part}`;
  }, "");
}
