import { UserError } from "../errors";

/**
 * Runs a command and ends this process with the code that it gives, or with `failed` when it throws; what the user can mend
 * is told without a stack trace. Requests and streams that are still open are not waited for.
 */
export function runCommand(main: () => Promise<number>, failed: number): void {
  void main().then(
    (code) => process.exit(code),
    (error: unknown) => {
      console.error(error instanceof UserError ? `error: ${error.message}` : error);
      process.exit(failed);
    },
  );
}
