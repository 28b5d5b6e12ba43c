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
