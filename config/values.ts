import * as z from "zod";
import { checkServer } from "../hosts/export-checks";
import { parseQuantity } from "../kubernetes/quantity";

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

const named = (pattern: RegExp) =>
  z.string().max(253).regex(pattern, 'is not an object name; use lower-case letters, digits, "-" and "."');

/** A Kubernetes object name (RFC 1123 subdomain). */
export const objectName = named(/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/);
export const objectNameOrBlank = named(/^([a-z0-9]([-a-z0-9.]*[a-z0-9])?)?$/);

export const quantity = z
  .string()
  .refine((text) => (parseQuantity(text) ?? 0) > 0, "is not a quantity; write one such as 100Gi");

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

/** An object section: an empty one, the default that Pulumi.yaml gives it, is one that was not written. */
export function section<T extends z.ZodType>(schema: T) {
  return z.preprocess(
    (value) => (isObject(value) && Object.keys(value).length === 0 ? undefined : value),
    schema.optional(),
  );
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function spelled(value: unknown, words: Record<string, unknown>): unknown {
  return typeof value === "string" && value in words ? words[value] : value;
}
