import * as pulumi from "@pulumi/pulumi";
import { type Registered, run } from "./monitor";

/**
 * Runs `make` until the outputs of what it returns have settled; returns the remote commands it registered,
 * with secrets as the markers in which they travel.
 */
export async function recordCommands(make: () => unknown) {
  const { resources } = await run(() =>
    pulumi.all(Object.values(make() ?? {}).filter((value) => pulumi.Output.isInstance(value))),
  );
  return resources
    .filter(({ type }) => type === "command:remote:Command")
    .map(({ wire: inputs, dependsOn: dependencies, ...registered }: Registered) => ({
      ...registered,
      inputs,
      dependencies,
    }));
}
