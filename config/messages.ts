import { closest, distance } from "fastest-levenshtein";
import type * as z from "zod";
import { configuration, secretKeys } from "./schema";
import type { Violation } from "./violation";
import { isObject } from "./object";

/** One line an issue, each with its key, its value and what is allowed instead. */
export function describeIssues(issues: readonly z.core.$ZodIssue[], input: unknown): string[] {
  return issues.flatMap((issue) => describeIssue(issue, input));
}

export function describeViolation({ path, message, whole }: Violation, input: unknown): string {
  const value = at(input, path);
  if (whole || value === undefined || value === "" || isObject(value)) return `${keyOf(path)}: ${message}`;
  return `${keyOf(path)}: ${shown(path, value)} ${message}`;
}

function describeIssue(issue: z.core.$ZodIssue, input: unknown): string[] {
  const path = issue.path.filter((key) => typeof key !== "symbol");
  if (issue.code === "unrecognized_keys") {
    const known = knownKeys(path);
    return issue.keys.map((key) => `${keyOf([...path, key])}: no such key${suggestion(key, known)}`);
  }
  const value = at(input, path);
  const key = keyOf(path);
  if (issue.code === "custom" && (issue.params?.["whole"] || value === undefined || isObject(value)))
    return [`${key}: ${secretAt(path) ? "[secret]" : issue.message}`];
  if (value === undefined) return [`${key}: is missing (${limit(issue)})`];
  return [`${key}: ${shown(path, value)} ${limit(issue)}`];
}

function limit(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case "invalid_type":
      return `must be ${article(issue.expected)}`;
    case "invalid_value":
      return `must be one of ${issue.values.map((value) => String(value)).join(", ")}`;
    case "too_small":
      return `is less than the minimum, ${issue.minimum}${issue.origin === "number" || issue.origin === "int" ? "" : ` ${unit(issue.origin)}`}`;
    case "too_big":
      return `is more than the maximum, ${issue.maximum}${issue.origin === "number" || issue.origin === "int" ? "" : ` ${unit(issue.origin)}`}`;
    case "invalid_format":
      return formatLimit(issue);
    case "invalid_union":
      return `must be ${[...new Set(issue.errors.flat().map(limit))].map((text) => text.replace("must be ", "")).join(" or ")}`;
    default:
      return issue.message;
  }
}

// A message of our own is better than what the library says of a pattern from the CRD.
function formatLimit({ format, pattern, message }: z.core.$ZodIssueInvalidStringFormat): string {
  if (format === "url") return "is not a URL with http:// or https://";
  if (!message.startsWith("Invalid ")) return message;
  if (pattern?.includes("|ms|us|")) return 'is not a duration such as "1h30m"';
  return `does not match ${pattern}`;
}

function article(type: string): string {
  const name = type === "int" ? "integer" : type === "record" ? "object" : type;
  return `${/^[aeiou]/.test(name) ? "an" : "a"} ${name}`;
}

function unit(origin: string): string {
  return origin === "string" ? "characters" : "items";
}

function suggestion(key: string, known: string[]): string {
  if (known.length === 0) return "";
  const nearest = closest(key, known);
  if (distance(key.toLowerCase(), nearest.toLowerCase()) <= Math.max(2, key.length / 3))
    return `; did you mean "${nearest}"?`;
  return `; there are ${known.join(", ")}`;
}

/** The keys the schema knows at a path, through the wrappers (default, optional, preprocess) around each object. */
function knownKeys(path: (string | number)[]): string[] {
  let schema: z.core.$ZodType | undefined = configuration;
  for (const key of path) schema = child(unwrapped(schema), key);
  const found = unwrapped(schema) as { shape?: Record<string, unknown> } | undefined;
  return Object.keys(found?.shape ?? {});
}

interface Definition {
  innerType?: z.core.$ZodType;
  out?: z.core.$ZodType;
  element?: z.core.$ZodType;
  shape?: Record<string, z.core.$ZodType>;
}

const definition = (schema: z.core.$ZodType): Definition => schema._zod.def as Definition;

function unwrapped(schema: z.core.$ZodType | undefined): z.core.$ZodType | undefined {
  const inner = schema && (definition(schema).innerType ?? definition(schema).out);
  return inner ? unwrapped(inner) : schema;
}

function child(schema: z.core.$ZodType | undefined, key: string | number): z.core.$ZodType | undefined {
  if (!schema) return undefined;
  return typeof key === "number" ? definition(schema).element : definition(schema).shape?.[key];
}

function at(input: unknown, path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>(
    (value, key) => (value as Record<string | number, unknown> | undefined)?.[key],
    input,
  );
}

function shown(path: (string | number)[], value: unknown): string {
  return secretAt(path) ? "[secret]" : JSON.stringify(value);
}

function secretAt(path: (string | number)[]): boolean {
  return secretKeys.includes(String(path[0]));
}

function keyOf(path: (string | number)[]): string {
  return path.map((key, index) => (typeof key === "number" ? `[${key}]` : index ? `.${key}` : key)).join("");
}
