import { parseArgs, type ParseArgsConfig } from "node:util";

import { UserError } from "../errors";

/** A command's options and what else is on its line. @throws {UserError} one that ends with the usage */
export function readOptions<T extends ParseArgsConfig>(
  usage: string,
  config: T,
): ReturnType<typeof parseArgs<T>> {
  try {
    return parseArgs(config);
  } catch (error) {
    throw new UserError(`${(error as Error).message}\n\n${usage}`);
  }
}
