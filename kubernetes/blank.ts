/**
 * A value that a Go server leaves out when it writes an object (omitempty), whoever set it: to ask for it is to ask for
 * nothing. Behind a pointer false and 0 are values, and stay; see isEmpty.
 */
export function isBlank(value: unknown): boolean {
  return value === false || value === 0 || isEmpty(value);
}

/** What is left out even of a copy from one object to another. */
export function isEmpty(value: unknown): boolean {
  if (typeof value === "object" && value !== null) return Object.keys(value).length === 0;
  return value === undefined || value === null || value === "";
}

/**
 * The fields that are worth sending. An owner of `defaultRoute: false` would find it gone, and report drift, for ever.
 */
export function withoutBlanks<T extends object>(fields: T): Partial<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => !isBlank(value))) as Partial<T>;
}

/** One text for one meaning: keys sorted, empty values left out. Of a copied field, only this form is equal. */
export function canonical(value: unknown): string {
  return JSON.stringify(trimmed(value)) ?? "";
}

function trimmed(value: unknown): unknown {
  if (isEmpty(value)) return undefined;
  if (Array.isArray(value)) return value.map((item) => trimmed(item));
  if (typeof value !== "object") return value;
  const entries = Object.entries(value as object)
    .map(([key, item]) => [key, trimmed(item)] as const)
    .filter(([, item]) => item !== undefined)
    .sort(([one], [other]) => (one < other ? -1 : 1));
  return entries.length ? Object.fromEntries(entries) : undefined;
}
