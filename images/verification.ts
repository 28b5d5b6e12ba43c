import { UserError } from "../errors";
import { bytesText } from "../platforms/text/bytes";
import { copyFiles, type Stores } from "./copy";
import { blobOf, hashes, type Listing, type StoreAt } from "./store";

/** Every blob is named by its own hash: a copy is held to that, once for each. */
export class Verification {
  /** Blobs of the target that were hashed, and are what their names say, or what the source has under that name. */
  private readonly verified = new Set<string>();
  /** What the source itself has wrong, for people. */
  readonly faults = new Set<string>();

  constructor(
    private readonly stores: Stores,
    private readonly progress: (line: string) => void,
  ) {}

  unverified(files: Listing): string[] {
    return [...files.keys()].filter((path) => blobOf(path) && !this.verified.has(path));
  }

  /** Hashes the blobs of a listing that nobody has hashed yet, and copies once more what is not what it should be. */
  async verify(files: Listing, whileServing: boolean): Promise<void> {
    const paths = this.unverified(files);
    const bytesOf = (part: readonly string[]) =>
      part.reduce((sum, path) => sum + (files.get(path)?.bytes ?? 0), 0);
    const all = bytesOf(paths);
    let done = 0;
    for (const part of parts(paths, files)) {
      await this.verifyPart(part, files, whileServing);
      done += bytesOf(part);
      this.progress(`${bytesText(done)} of ${bytesText(all)} verified`);
    }
  }

  private async verifyPart(blobs: readonly string[], files: Listing, whileServing: boolean): Promise<void> {
    const { source, target } = this.stores;
    const found = await hashesOf(target, blobs, whileServing);
    // What went away meanwhile was not copied.
    const copied = whileServing ? blobs.filter((path) => found.has(path)) : blobs;
    const unlike = copied.filter((path) => found.get(path) !== blobOf(path)?.hex);
    if (unlike.length) {
      this.progress(`${unlike.length} blobs are not what their names say; copying them again`);
      await copyFiles(this.stores, unlike, files, { whileServing, copied: () => undefined });
      const ours = await hashesOf(target, unlike);
      const still = unlike.filter((path) => ours.get(path) !== blobOf(path)?.hex);
      const theirs = await hashesOf(source, still, whileServing);
      for (const path of still) {
        if (whileServing && !theirs.has(path)) continue;
        if (theirs.get(path) !== ours.get(path))
          throw new UserError(
            `blob ${path} is not what was written: the storage that images move to changes what it is given`,
          );
        this.faults.add(`blob ${blobOf(path)?.algorithm}:${blobOf(path)?.hex} was damaged already`);
      }
    }
    for (const path of copied) this.verified.add(path);
  }
}

const partBytes = 2 * 1024 ** 3;
const partFiles = 10_000;

/** As much as a line of progress is for. */
function* parts(paths: readonly string[], files: Listing): Generator<string[]> {
  let part: string[] = [];
  let bytes = 0;
  for (const path of paths) {
    part.push(path);
    bytes += files.get(path)?.bytes ?? 0;
    if (bytes < partBytes && part.length < partFiles) continue;
    yield part;
    part = [];
    bytes = 0;
  }
  if (part.length) yield part;
}

async function hashesOf(
  store: StoreAt,
  paths: readonly string[],
  whileServing = false,
): Promise<Map<string, string>> {
  const all = new Map<string, string>();
  for (const algorithm of new Set(paths.map((path) => blobOf(path)?.algorithm ?? ""))) {
    const some = paths.filter((path) => blobOf(path)?.algorithm === algorithm);
    for (const [path, hash] of await hashes(store, `${algorithm}sum`, some, whileServing))
      all.set(path, hash);
  }
  return all;
}
