import { UserError } from "../errors";
import { bytesText } from "../platforms/text/bytes";
import { copyFiles, differenceOf, type Stores } from "./copy";
import { blobOf, linkedBlobs, linkHashes, type Listing, listFiles, pathOfBlob, removeFiles } from "./store";
import { Verification } from "./verification";

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
  private readonly verification: Verification;
  private passes = 0;
  /** What the first pass begins with, where somebody has looked already. */
  private first: Seen | undefined;

  constructor(
    private readonly stores: Stores,
    private readonly progress: (line: string) => void,
  ) {
    this.verification = new Verification(stores, progress);
  }

  /** What the source itself has wrong, for people. */
  get faults(): Set<string> {
    return this.verification.faults;
  }

  /** The bytes that have to be free in the target before the first pass. */
  async neededRoom(): Promise<number> {
    this.first = await this.look(true);
    return differenceOf(this.first.source, this.first.target).room;
  }

  /** Copies what is there, until little is new. The registry may serve meanwhile. */
  async whileServing(): Promise<void> {
    for (let last = this.passes + servingPasses; this.passes < last;) {
      const found = await this.pass(true, `pass ${++this.passes}`);
      if (found.bytes <= littleBytes && found.files <= littleFiles) return;
    }
  }

  /**
   * Hashes what was copied, by this run or an earlier one: of a large store that takes longer than to copy it, in which time the
   * registry serves, and what is pushed is another pass's.
   */
  async verifyWhileServing(): Promise<void> {
    await this.verification.verify(await listFiles(this.stores.source, true), true);
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
    await copyFiles(this.stores, toCopy, files, {
      whileServing,
      copied: ({ bytes }) => {
        done += bytes;
        this.progress(`${name}: ${bytesText(done)} of ${bytesText(found.bytes)} copied`);
      },
    });
    if (!whileServing) {
      await this.verification.verify(files, false);
      await removeFiles(target, found.toRemove);
    }
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

  private assertComplete({ source, target }: Seen): void {
    for (const path of linkedBlobs(target.keys())) {
      if (target.has(path)) continue;
      const { algorithm, hex } = blobOf(path)!;
      if (source.has(pathOfBlob(algorithm, hex))) throw new UserError(`blob ${path} was not copied`);
      this.faults.add(`blob ${algorithm}:${hex}, which a repository names, was missing already`);
    }
    const [unverified] = this.verification.unverified(source);
    if (unverified !== undefined) throw new UserError(`blob ${unverified} was not verified`);
  }
}

const servingPasses = 5;
const heldPasses = 6;
const littleBytes = 256 * 1024 ** 2;
const littleFiles = 1000;
