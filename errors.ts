/**
 * An error the user can cause and mend: bad configuration, an unreachable cluster, a registry that would lose
 * images. Pulumi prints its message and exits non-zero.
 */
export class UserError extends Error {
  /** By this the SDK knows its RunError, whichever copy of it made one. Jobs that never call Pulumi have no copy. */
  readonly __pulumiRunError = true;

  constructor(message: string) {
    super(message);
    // The SDK writes the name of the property whose value failed in front of it.
    Object.defineProperty(this, "message", { get: () => message, set: () => undefined });
    // Pulumi's runtime inspects what a program rejects with, and node takes minutes over a stack whose frames come from
    // the SDK's source maps; a late rejection it prints with its stack. Where in our code it arose mends nothing.
    this.stack = message;
  }
}
