import * as path from "node:path";

import { buildTools, type BuildOptions } from "../tools/build";
import { go } from "../tools/go";

const cli = path.join(__dirname, "cli");
const kubernetesProvider = path.join(__dirname, "kubernetes-provider");

/** What the folder with Pulumi's CLI, `pulumi`, holds besides is nothing: its language hosts are no Go modules. */
export const cliTools = {
  name: "pulumi",
  module: cli,
  announcement: "the Pulumi CLI: once, about four minutes on two cores",
  linkerFlags: async () => {
    const version = await go(cli, ["list", "-m", "-f", "{{.Version}}", "github.com/pulumi/pulumi/pkg/v3"]);
    return `-X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=${version}`;
  },
};

/** Pulumi's provider for Kubernetes, `pulumi-resource-kubernetes`, of January 2026; it passes for the program's own. */
export async function buildKubernetesProvider(version: string, options: BuildOptions): Promise<string> {
  const stamped = "github.com/pulumi/pulumi-kubernetes/provider/v4/pkg/version.Version";
  const tools = {
    name: "pulumi-kubernetes",
    module: kubernetesProvider,
    sources: ["main.go"],
    announcement: "Pulumi's provider for Kubernetes: once, about six minutes on two cores",
    linkerFlags: () => Promise.resolve(`-X ${stamped}=${version}`),
    recipe: version,
  };
  return buildTools(tools, options);
}
