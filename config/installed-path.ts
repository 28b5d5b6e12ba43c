import * as path from "node:path";

/**
 * PATH as the user's shell has it. npm and npx put the project's own bin folder first, and its `pulumi` fetches another
 * CLI than the one that is installed.
 */
export function installedPath(environment: NodeJS.ProcessEnv): string {
  return (environment.PATH ?? "")
    .split(path.delimiter)
    .filter((folder) => !folder.endsWith(path.join("node_modules", ".bin")))
    .join(path.delimiter);
}
