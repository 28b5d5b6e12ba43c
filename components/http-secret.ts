import type * as pulumi from "@pulumi/pulumi";
import { RandomPassword } from "@pulumi/random";

/**
 * A new secret for a registry's pods, which sign upload states for each other with it. Not of RandomBytes: its id, which
 * no state encrypts and every diff shows, is the secret itself.
 */
export function drawHttpSecret(name: string, parent: pulumi.Resource): pulumi.Output<string> {
  return new RandomPassword(name, { length: 64, special: false }, { parent }).result;
}
