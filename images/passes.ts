import { UserError } from "../errors";
import { bytesText } from "../platforms/text/bytes";
import { copyFiles, differenceOf, type Stores } from "./copy";
import {
  blobOf,
  hashes,
  linkedBlobs,
  linkHashes,
  type Listing,
  listFiles,
  pathOfBlob,
  removeLinks,
} from "./store";

/** A move of a store's files, pass by pass: first while the registry serves, then while nobody can push. */
export class Copy {
  /** Blobs of the target that were hashed, and are what their names say, or what the source has under that name. */
  private readonly verified = new Set<string>();
  /** What the source itself has wrong, for people. */
  readonly faults = new Set<string>();

  constructor(
    private readonly stores: Stores,
    private readonly progress: (line: string) => void,
  ) {}

  /** Copies what is there, until little is new. The registry may serve meanwhile. */
  async whileServing(): Promise<void> {
    for (let pass = 1; pass <= servingPasses; pass++) {
      const found = await this.pass(true, `pass ${pass}`);
      if (found.bytes <= littleBytes && found.files <= littleFiles) return;
    }
  }

  /** Copies the rest, until two passes in a row find nothing new. Nobody may write to the source meanwhile. */
  async whileHeld(): Promise<void> {
    let quiet = 0;
    for (let pass = 1; quiet < 2; pass++) {
      if (pass > heldPasses)
        throw new UserError(
          `the images change still, although pushes are held: something else writes to the store`,
        );
      const { files } = await this.pass(false, `pass ${pass} of what was held`);
      quiet = files === 0 ? quiet + 1 : 0;
    }
    await this.assertComplete();
  }

  private async pass(whileServing: boolean, name: string): Promise<{ bytes: number; files: number }> {
    const { source, target } = this.stores;
    const files = await listFiles(source, whileServing);
    const found = differenceOf(files, await listFiles(target, false));
    const changed = whileServing ? [] : await this.changedLinks(files, found.toCopy);
    const toCopy = [...found.toCopy, ...changed];
    let done = 0;
    await copyFiles(this.stores, toCopy, files, {
      whileServing,
      copied: (bytes) => {
        done += bytes;
        this.progress(`${name}: ${bytesText(done)} of ${bytesText(found.bytes)} copied`);
      },
    });
    if (!whileServing) await removeLinks(target, found.toRemove);
    await this.verify(files, whileServing, name);
    return { bytes: found.bytes, files: toCopy.length + (whileServing ? 0 : found.toRemove.length) };
  }

  // A tag that was moved twice within a second has the size and the time that it had in between.
  private async changedLinks(files: Listing, toCopy: readonly string[]): Promise<string[]> {
    const { source, target } = this.stores;
    const [wanted, there] = [await linkHashes(source), await linkHashes(target)];
    const known = new Set(toCopy);
    return [...files.keys()].filter(
      (path) =>
        wanted.has(path) && there.has(path) && wanted.get(path) !== there.get(path) && !known.has(path),
    );
  }

  /** Hashes the blobs that no earlier pass did. */
  private async verify(files: Listing, whileServing: boolean, name: string): Promise<void> {
    const { source, target } = this.stores;
    const blobs = [...files.keys()].filter((path) => blobOf(path) && !this.verified.has(path));
    if (whileServing) {
      // What went away meanwhile cannot be hashed.
      const there = await listFiles(target, false);
      for (let i = blobs.length - 1; i >= 0; i--) if (!there.has(blobs[i]!)) blobs.splice(i, 1);
    }
    const unlike = await this.unlikeTheirNames(target, blobs);
    if (unlike.length) {
      this.progress(`${name}: ${unlike.length} blobs are not what their names say; copying them again`);
      await copyFiles(this.stores, unlike, files, { whileServing, copied: () => undefined });
      const still = await this.unlikeTheirNames(target, unlike);
      const [theirs, ours] = [await this.hashesOf(source, still), await this.hashesOf(target, still)];
      for (const path of still) {
        if (theirs.get(path) !== ours.get(path))
          throw new UserError(
            `blob ${path} is not what was written: the storage that images move to changes what it is given`,
          );
        this.faults.add(`blob ${blobOf(path)?.algorithm}:${blobOf(path)?.hex} was damaged already`);
      }
    }
    for (const path of blobs) this.verified.add(path);
  }

  private async unlikeTheirNames(store: Stores["target"], paths: readonly string[]): Promise<string[]> {
    const found = await this.hashesOf(store, paths);
    return paths.filter((path) => found.get(path) !== blobOf(path)?.hex);
  }

  private async hashesOf(store: Stores["target"], paths: readonly string[]): Promise<Map<string, string>> {
    const all = new Map<string, string>();
    for (const algorithm of new Set(paths.map((path) => blobOf(path)?.algorithm ?? ""))) {
      const some = paths.filter((path) => blobOf(path)?.algorithm === algorithm);
      for (let i = 0; i < some.length; i += hashedFiles) {
        const part = await hashes(store, `${algorithm}sum`, some.slice(i, i + hashedFiles));
        for (const [path, hash] of part) all.set(path, hash);
      }
    }
    return all;
  }

  private async assertComplete(): Promise<void> {
    const [source, target] = [
      await listFiles(this.stores.source, false),
      await listFiles(this.stores.target, false),
    ];
    for (const path of linkedBlobs(target.keys())) {
      if (target.has(path)) continue;
      const { algorithm, hex } = blobOf(path)!;
      if (source.has(pathOfBlob(algorithm, hex))) throw new UserError(`blob ${path} was not copied`);
      this.faults.add(`blob ${algorithm}:${hex}, which a repository names, was missing already`);
    }
    const unverified = [...source.keys()].filter((path) => blobOf(path) && !this.verified.has(path));
    if (unverified.length) throw new UserError(`blob ${unverified[0]} was not verified`);
  }
}

const servingPasses = 5;
const heldPasses = 6;
const littleBytes = 256 * 1024 ** 2;
const littleFiles = 1000;
const hashedFiles = 500;
