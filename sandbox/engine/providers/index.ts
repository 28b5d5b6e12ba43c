import type { Provider } from "../provider";
import { command } from "./command";
import { configuration } from "./configuration";
import { kubernetes } from "./kubernetes";
import { random } from "./random";

const packages: Record<string, Provider> = { command, kubernetes, random };

/** The provider in charge of a resource. The cluster's has to be given: the sandbox never uses an ambient kubeconfig. */
export function providerFor(resource: {
  type: string;
  urn: string;
  provider?: string | undefined;
}): Provider {
  const { type } = resource;
  if (type.startsWith("pulumi:providers:")) return configuration;
  const name = type.split(":")[0] ?? "";
  const provider = packages[name];
  if (!provider) {
    throw new Error(
      `the sandbox's engine knows no provider for ${type}; it has ${Object.keys(packages).join(", ")}`,
    );
  }
  if (name === "kubernetes" && resource.provider === undefined) {
    throw new Error(
      `Default provider for 'kubernetes' disabled. '${resource.urn}' must use an explicit provider.`,
    );
  }
  return provider;
}
