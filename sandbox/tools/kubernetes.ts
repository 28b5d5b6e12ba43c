import { go } from "./go";
import type { BuildOptions } from "./build";

/** Makes programs of a module that requires k8s.io/kubernetes know their version, as Kubernetes' own build does. */
export async function versionStamp(module: string, options: BuildOptions): Promise<string> {
  const version = await go(module, ["list", "-m", "-f", "{{.Version}}", "k8s.io/kubernetes"], options);
  const [major, minor] = version.slice(1).split(".");
  const values = { gitVersion: version, gitMajor: major, gitMinor: minor };
  return Object.entries(values)
    .map(([name, value]) => `-X k8s.io/component-base/version.${name}=${value}`)
    .join(" ");
}
