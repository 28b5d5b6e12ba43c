import { stripVTControlCharacters } from "node:util";

/**
 * The same data, whose texts a terminal can be given: whoever may write a condition or a message of a cluster could
 * otherwise move its cursor, hide lines or set its title.
 */
export function printable<T>(value: T): T {
  return shown(value) as T;
}

function shown(value: unknown): unknown {
  if (typeof value === "string") return stripVTControlCharacters(value).replaceAll(/[^\P{Cc}\n]/gu, " ");
  if (Array.isArray(value)) return value.map(shown);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, shown(entry)]));
}
