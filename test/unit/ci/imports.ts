import { existsSync, readFileSync } from "node:fs";
import * as path from "node:path";

import { projectDirectory } from "../../../project";

/** A file of the project, and all files of it that it loads. */
export function follow(file: string, seen = new Set<string>()): Set<string> {
  if (seen.has(file)) return seen;
  seen.add(file);
  const source = readFileSync(path.join(projectDirectory, file), "utf8");
  for (const [, name = ""] of source.matchAll(/^(?:import|export)(?! type )[^;]* from "(\.[^"]+)";$/gm)) {
    const target = path.join(path.dirname(file), name);
    const found = [`${target}.ts`, path.join(target, "index.ts"), target].find((one) =>
      existsSync(path.join(projectDirectory, one)),
    );
    if (found?.endsWith(".ts")) follow(found, seen);
  }
  return seen;
}
