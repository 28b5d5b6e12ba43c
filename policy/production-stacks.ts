import { isProduction } from "../config/rules";

/** Whether a stack is production: by a team's own names where it gives some, else as the program has it. */
export function isProductionStack(stack: string, names?: readonly string[]): boolean {
  return names ? names.some((pattern) => matches(pattern, stack)) : isProduction(stack);
}

function matches(pattern: string, name: string): boolean {
  const literally = pattern.split("*").map((text) => text.replace(/[.+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${literally.join(".*")}$`).test(name);
}
