/**
 * One text for one meaning: keys sorted, empty values left out. A Go server drops `""`, `[]` and `{}` when it copies
 * a field from one object to another, so that the copy is equal only in this form.
 */
export function canonical(value: unknown): string {
  return JSON.stringify(trimmed(value)) ?? "";
}

function trimmed(value: unknown): unknown {
  if (Array.isArray(value)) return value.length ? value.map((item) => trimmed(item)) : undefined;
  if (value === null || value === "") return undefined;
  if (typeof value !== "object") return value;
  const entries = Object.entries(value)
    .map(([key, item]) => [key, trimmed(item)] as const)
    .filter(([, item]) => item !== undefined)
    .sort(([one], [other]) => (one < other ? -1 : 1));
  return entries.length ? Object.fromEntries(entries) : undefined;
}
