import * as path from "node:path";

import { buildTools, type BuildOptions } from "../tools/build";

/** The folder with `registry`, CNCF's distribution, and `crane`, a client of registries. */
export async function buildRegistry(options: BuildOptions): Promise<string> {
  return buildTools(
    {
      name: "registry",
      module: __dirname,
      announcement: "a registry and a client: once, about a minute and a half on two cores",
    },
    options,
  );
}

/** The folder with etc/distribution/config.yml, where the registry's own image has it: port 5000, /var/lib/registry. */
export const registryFiles = path.join(__dirname, "files");
