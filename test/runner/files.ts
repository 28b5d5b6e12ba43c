import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import * as path from "node:path";

import { UserError } from "../../errors";
import { cacheFolder } from "../../sandbox/tools/cache";

export const project = path.resolve(__dirname, "../..");

/** How many seconds each file took in the last whole run without a failure. */
const record = path.join(cacheFolder(), "test-seconds.json");

/** Where no run is recorded, these begin first: one that is left to the end has two processors to itself for minutes. */
const longest = [
  "test/acceptance/stacks/stacks.test.ts",
  "test/machines/nfs-firewalls.test.ts",
  "test/machines/kubelet.test.ts",
];

/** The test files among and below these paths; relative to the project, the slowest first. */
export function testFiles(paths: readonly string[]): string[] {
  const files = paths.flatMap((given) => {
    const found = filesBelow(given).filter((file) => file.endsWith(".test.ts"));
    if (found.length === 0) throw new UserError(`${given}: there is no test file`);
    return found.map((file) => path.relative(project, path.resolve(file)));
  });
  const seconds = recordedSeconds();
  // What never ran is taken for slow, the larger the slower.
  const guess = (file: string) =>
    longest.includes(file) ? Number.MAX_SAFE_INTEGER : 1000 + statSync(path.join(project, file)).size;
  const cost = (file: string) => seconds[file] ?? guess(file);
  return [...new Set(files)].sort((a, b) => cost(b) - cost(a));
}

export function recordSeconds(seconds: Readonly<Record<string, number>>): void {
  mkdirSync(path.dirname(record), { recursive: true });
  writeFileSync(record, JSON.stringify({ ...recordedSeconds(), ...seconds }, null, 2));
}

function recordedSeconds(): Record<string, number> {
  try {
    return JSON.parse(readFileSync(record, "utf8")) as Record<string, number>;
  } catch {
    return {}; // none yet, or one that was written by half: it only decides which file begins
  }
}

function filesBelow(given: string): string[] {
  if (!existsSync(given)) return [];
  if (statSync(given).isFile()) return [given];
  return readdirSync(given, { recursive: true, encoding: "utf8" }).map((name) => path.join(given, name));
}
