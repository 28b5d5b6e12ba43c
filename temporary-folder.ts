import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";

import { untilDone } from "./interruption";

export interface TemporaryFolder {
  readonly path: string;
  /** Fires when a signal asks this program to end: whatever uses the folder is to end first. */
  readonly interrupted: AbortSignal;
}

const folders = new Set<string>();

/**
 * Gives `use` a folder that only this user may enter, for keys and the like, and removes it in the end, also when the
 * program is interrupted or exits meanwhile.
 *
 * @param parent Where it is made. Default: the system's place for such folders.
 */
export async function withTemporaryFolder<T>(
  prefix: string,
  use: (folder: TemporaryFolder) => Promise<T>,
  parent: string = tmpdir(),
): Promise<T> {
  const folder = mkdtempSync(path.join(parent, `${prefix}-`));
  const interruption = new AbortController();
  if (folders.size === 0) process.on("exit", removeAll);
  folders.add(folder);
  return untilDone(
    () => interruption.abort(),
    async () => {
      try {
        return await use({ path: folder, interrupted: interruption.signal });
      } finally {
        remove(folder);
        if (folders.size === 0) process.off("exit", removeAll);
      }
    },
  );
}

function remove(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
  folders.delete(folder);
}

function removeAll(): void {
  folders.forEach(remove);
}
