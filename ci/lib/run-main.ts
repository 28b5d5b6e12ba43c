import { inspect } from "node:util";

import { UserError } from "../../errors";
import { inertText } from "./runner-commands";

/** Runs a script on its arguments; what the user can mend is told without a stack trace. */
export function runMain(main: (args: string[]) => void | Promise<void>): void {
  void Promise.resolve()
    .then(() => main(process.argv.slice(2)))
    .catch((error: unknown) => {
      const text = error instanceof UserError ? `error: ${error.message}` : inspect(error);
      console.error(inertText(text));
      process.exitCode = 1;
    });
}

/** The one argument of a script that works on one stack, and what follows it. */
export function stackArgument(args: string[]): [stack: string, file: string] {
  const [stack, file = ""] = args;
  if (!stack) throw new UserError("which stack? give its name as the first argument");
  return [stack, file];
}
