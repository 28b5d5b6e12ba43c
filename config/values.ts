import * as z from "zod";
import { checkServer } from "../hosts/export-checks";
import { leastBytes, parseQuantity } from "../kubernetes/quantity";
import { checkLabelKey, checkLabelValue, isSubdomain } from "./labels";
import { isObject } from "./object";

/**
 * Leaf schemas of the stack configuration. `pulumi config set` stores every plain value as text, so a number or a
 * boolean may arrive as its spelling.
 */
export const flag = z.preprocess((value) => spelled(value, { true: true, false: false }), z.boolean());

export const integer = (least: number, most: number) =>
  z.preprocess(
    (value) => (typeof value === "string" && /^-?\d+$/.test(value) ? Number(value) : value),
    z.int().min(least).max(most),
  );

/** `pulumi config set --path` writes a text that looks like a boolean or a number as one. */
export function asText(value: unknown): unknown {
  return typeof value === "boolean" || typeof value === "number" ? String(value) : value;
}

/** A Kubernetes object name (RFC 1123 subdomain). */
export const objectName = named(isSubdomain);
export const objectNameOrBlank = named((name) => name === "" || isSubdomain(name));

function named(isName: (text: string) => boolean) {
  const message = 'is not an object name; use lower-case letters, digits, "-" and "."';
  return z.preprocess(asText, z.string().refine(isName, message));
}

/** The name of a namespace (RFC 1123 label). */
export const namespaceName = z.preprocess(
  asText,
  z
    .string()
    .regex(
      /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/,
      'is not the name of a namespace; use at most 63 lower-case letters, digits and "-"',
    ),
);

/** Labels by their keys. */
export const labels = z
  .record(z.string(), z.preprocess(asText, z.string().superRefine(saying(checkLabelValue))))
  .superRefine((given, context) => {
    for (const key of Object.keys(given)) {
      const message = checkLabelKey(key);
      if (message) context.addIssue({ code: "custom", message: `${JSON.stringify(key)} ${message}` });
    }
  });

/** A refinement whose check says what is wrong, after the value itself. */
export function saying(check: (value: string) => string | undefined) {
  return (value: string, context: z.core.$RefinementCtx) => {
    const message = check(value);
    if (message) context.addIssue({ code: "custom", message });
  };
}

/** The size of a volume. */
export const quantity = z.string().superRefine(saying(checkSize));

function checkSize(text: string): string | undefined {
  const bytes = parseQuantity(text) ?? 0;
  if (bytes <= 0) return "is not a quantity; write one such as 100Gi";
  if (bytes < leastBytes) return `is ${bytes} byte${bytes > 1 ? "s" : ""}; write a unit, such as 100Gi`;
  return bytes >= 2 ** 63 ? "is more than a volume can have, 8Ei; write one such as 100Gi" : undefined;
}

export const server = checked(checkServer);

/** A string that a check of `hosts/` finds nothing wrong with. */
export function checked(check: (value: string) => string | undefined) {
  return z.string().superRefine((value, context) => {
    const problem = check(value);
    if (problem) context.addIssue({ code: "custom", message: problem, params: { whole: true } });
  });
}

/** In place of an encrypted value, where nobody could decrypt it. */
export const unread = "[encrypted]";

/**
 * An object section: an empty one, the default that Pulumi.yaml gives it, is one that was not written. `read` has the value
 * first.
 */
export function section<T extends z.ZodType>(
  schema: T,
  read: (value: unknown) => unknown = (value) => value,
) {
  return z.preprocess(
    (value) => (isObject(value) && Object.keys(value).length === 0 ? undefined : read(value)),
    schema.optional(),
  );
}

function spelled(value: unknown, words: Record<string, unknown>): unknown {
  return typeof value === "string" && value in words ? words[value] : value;
}
