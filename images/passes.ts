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

/** The files of both stores at one moment. */
interface Seen {
  readonly source: Listing;
  readonly target: Listing;
}

interface Pass {
  readonly bytes: number;
  /** That were copied or taken away. */
  readonly files: number;
  /** What it began with. */
  readonly seen: Seen;
}

/** A move of a store's files, pass by pass: first while the registry serves, then while nobody can push. */
export class Copy {
  /** Blobs of the target that were hashed, and are what their names say, or what the source has under that name. */
  private readonly verified = new Set<string>();
  /** What the source itself has wrong, for people. */
  readonly faults = new Set<string>();
  /** What the first pass begins with, where somebody has looked already. */
  private first: Seen | undefined;

  constructor(
    private readonly stores: Stores,
    private readonly progress: (line: string) => void,
  ) {}

  /** The bytes that the target lacks before the first pass. */
  async missingBytes(): Promise<number> {
    this.first = await this.look(true);
    return differenceOf(this.first.source, this.first.target).bytes;
  }

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
      const { files, seen } = await this.pass(false, `pass ${pass} of what was held`);
      quiet = files === 0 ? quiet + 1 : 0;
      if (quiet === 2) this.assertComplete(seen);
    }
  }

  private async look(whileServing: boolean): Promise<Seen> {
    const { source, target } = this.stores;
    const listings = await Promise.all([listFiles(source, whileServing), listFiles(target, false)]);
    return { source: listings[0], target: listings[1] };
  }

  private async pass(whileServing: boolean, name: string): Promise<Pass> {
    const { target } = this.stores;
    const seen = this.first ?? (await this.look(whileServing));
    this.first = undefined;
    const files = seen.source;
    const found = differenceOf(files, seen.target);
    const changed = whileServing ? [] : await this.changedLinks(files, found.toCopy);
    const toCopy = [...found.toCopy, ...changed];
    let done = 0;
    // While one part is copied, the one before is hashed.
    let verifying = Promise.resolve();
    await copyFiles(this.stores, toCopy, files, {
      whileServing,
      copied: ({ bytes, paths }) => {
        done += bytes;
        this.progress(`${name}: ${bytesText(done)} of ${bytesText(found.bytes)} copied`);
        verifying = verifying.then(() => this.verify(paths, files, whileServing, name));
        verifying.catch(() => undefined); // it is waited for below
      },
    });
    await verifying;
    // Also what an earlier run has copied.
    await this.verify([...files.keys()], files, whileServing, name);
    if (!whileServing) await removeLinks(target, found.toRemove);
    const removed = whileServing ? 0 : found.toRemove.length;
    return { bytes: found.bytes, files: toCopy.length + removed, seen };
  }

  // A tag that was moved twice within a second has the size and the time that it had in between.
  private async changedLinks(files: Listing, toCopy: readonly string[]): Promise<string[]> {
    const { source, target } = this.stores;
    const [wanted, there] = await Promise.all([linkHashes(source), linkHashes(target)]);
    const known = new Set(toCopy);
    return [...files.keys()].filter(
      (path) =>
        wanted.has(path) && there.has(path) && wanted.get(path) !== there.get(path) && !known.has(path),
    );
  }

  /** Hashes those of the paths that are blobs, and that nobody has hashed yet. */
  private async verify(
    paths: readonly string[],
    files: Listing,
    whileServing: boolean,
    name: string,
  ): Promise<void> {
    const { source, target } = this.stores;
    const blobs = paths.filter((path) => blobOf(path) && !this.verified.has(path));
    const found = await this.hashesOf(target, blobs, whileServing);
    // What went away meanwhile was not copied.
    const copied = whileServing ? blobs.filter((path) => found.has(path)) : blobs;
    const unlike = copied.filter((path) => found.get(path) !== blobOf(path)?.hex);
    if (unlike.length) {
      this.progress(`${name}: ${unlike.length} blobs are not what their names say; copying them again`);
      await copyFiles(this.stores, unlike, files, { whileServing, copied: () => undefined });
      const ours = await this.hashesOf(target, unlike);
      const still = unlike.filter((path) => ours.get(path) !== blobOf(path)?.hex);
      const theirs = await this.hashesOf(source, still, whileServing);
      for (const path of still) {
        if (theirs.get(path) !== ours.get(path))
          throw new UserError(
            `blob ${path} is not what was written: the storage that images move to changes what it is given`,
          );
        this.faults.add(`blob ${blobOf(path)?.algorithm}:${blobOf(path)?.hex} was damaged already`);
      }
    }
    for (const path of copied) this.verified.add(path);
  }

  private async hashesOf(
    store: Stores["target"],
    paths: readonly string[],
    whileServing = false,
  ): Promise<Map<string, string>> {
    const all = new Map<string, string>();
    for (const algorithm of new Set(paths.map((path) => blobOf(path)?.algorithm ?? ""))) {
      const some = paths.filter((path) => blobOf(path)?.algorithm === algorithm);
      for (let i = 0; i < some.length; i += hashedFiles) {
        const part = await hashes(store, `${algorithm}sum`, some.slice(i, i + hashedFiles), whileServing);
        for (const [path, hash] of part) all.set(path, hash);
      }
    }
    return all;
  }

  private assertComplete({ source, target }: Seen): void {
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
