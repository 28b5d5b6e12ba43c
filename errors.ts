import { RunError } from "@pulumi/pulumi/errors";

/**
 * An error the user can cause and mend: bad configuration, an unreachable cluster, a registry that would lose
 * images. Pulumi prints a RunError's message and exits non-zero.
 */
export class UserError extends RunError {
  constructor(message: string) {
    super(message);
    // The SDK writes the name of the property whose value failed in front of it.
    Object.defineProperty(this, "message", { get: () => message, set: () => undefined });
    // Pulumi's runtime inspects what a program rejects with, and node takes minutes over a stack whose frames come from
    // the SDK's source maps; a late rejection it prints with its stack. Where in our code it arose mends nothing.
    this.stack = message;
  }
}
