import { RunError } from "@pulumi/pulumi/errors";

/**
 * An error the user can cause and mend: bad configuration, an unreachable cluster, a registry that would lose
 * images. Pulumi prints a RunError's message without a stack trace and exits non-zero.
 */
export class UserError extends RunError {}
