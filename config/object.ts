/** Whether a value is keys with their values. Alone, so that who only reads a stack's file loads no schema. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
