import * as path from "node:path";

import { UserError } from "../errors";
import { defaultDirectory } from "./control-plane";
import { buildBinaries } from "./control-plane/binaries";
import { findEngine } from "./engine";
import { canRunMachines, installMachinePackages } from "./machines";
import { buildImage } from "./machines/image";
import { suites } from "./machines/suites";
import { endTogether } from "./process";
import { buildNodePrograms } from "./node/programs";
import { buildRegistry } from "./registry";

const log = (line: string) => console.error(line);

/** Builds all that the sandbox and its tests run and that is not built yet; each of them would build it when needed, too. */
async function main(): Promise<void> {
  await installMachinePackages(log);
  const withMachines = canRunMachines() === undefined;
  // An image takes one processor, its emulated machine's.
  await Promise.all([buildPrograms(withMachines), withMachines && buildImages()]);
}

async function buildPrograms(withMachines: boolean): Promise<void> {
  await buildBinaries({ log });
  await findEngine(path.join(defaultDirectory, "plugins"), { log });
  if (!withMachines) return;
  await buildRegistry({ log });
  await buildNodePrograms({ log });
}

async function buildImages(): Promise<void> {
  for (const suite of suites) await buildImage(suite, log);
}

endTogether(); // machines of images that are being made
main().catch((error: unknown) => {
  console.error(error instanceof UserError ? `error: ${error.message}` : error);
  process.exitCode = 1;
});
