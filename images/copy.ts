import { PassThrough, Transform, type TransformCallback } from "node:stream";
import { pipeline } from "node:stream/promises";
import { quote } from "../hosts/quote";
import { Frames, unframe } from "./frames";
import { must } from "./shell";
import { layout, list, type Listing, type StoreAt } from "./store";

/** Both stores of a move. Where one shell sees both, files do not go through this machine. */
export interface Stores {
  readonly source: StoreAt;
  readonly target: StoreAt;
}

/** What a pass has to do, by a look at both stores. */
export interface Difference {
  /** Paths that the target lacks or has otherwise, blobs first: a link is then never without its blob for long. */
  readonly toCopy: readonly string[];
  readonly bytes: number;
  /** Bytes of the blocks that they take. */
  readonly room: number;
  /**
   * Files of the target that the source does not have (any more): also blobs, which may be half there, and which a registry would
   * take for the whole when they are pushed again.
   */
  readonly toRemove: readonly string[];
}

/** Of most file systems. A link has 71 bytes, and there are many. */
const blockBytes = 4096;

const isLink = (path: string) => path.startsWith("repositories/");

export function differenceOf(source: Listing, target: Listing): Difference {
  let [bytes, room] = [0, 0];
  const toCopy: string[] = [];
  for (const [path, file] of source) {
    const there = target.get(path);
    // Blobs never change. Links do, and have the same length then.
    const same = there?.bytes === file.bytes && (!isLink(path) || there.changed === file.changed);
    if (same) continue;
    toCopy.push(path);
    bytes += file.bytes;
    room += Math.ceil(file.bytes / blockBytes) * blockBytes;
  }
  const toRemove = [...target.keys()].filter((path) => !source.has(path));
  return { toCopy: toCopy.sort(), bytes, room, toRemove };
}

const batchBytes = 128 * 1024 ** 2;
/** Names are arguments of one tar, of which not every one takes a list of them (-T). */
const batchNameBytes = 100_000;
const archived = `unframe | tr '\\n' '\\0' | xargs -0 -s 120000 tar -cf - --`;

/** Copies files of a listing, and calls `copied` after each batch. */
export async function copyFiles(
  stores: Stores,
  paths: readonly string[],
  listing: Listing,
  { whileServing, copied }: { whileServing: boolean; copied: (batch: Batch) => void },
): Promise<void> {
  for (const batch of batches(paths, listing)) {
    await (stores.source.shell === stores.target.shell
      ? within(stores, batch.paths)
      : across(stores, batch.paths));
    copied(batch);
  }

  async function within({ source, target }: Stores, batch: readonly string[]): Promise<void> {
    const script = `${unframe}
      mkdir -p ${quote(`${target.root}/${layout}`)} && cd ${quote(`${source.root}/${layout}`)} &&
      failed=$({ { ${archived} || echo failed >&3; } | tar -xf - -C ${quote(`${target.root}/${layout}`)}; } 3>&1) &&
      [ -z "$failed" ]`;
    await must(
      source.shell,
      script,
      { stdin: list(batch), stdout: new PassThrough().resume() },
      whileServing,
    );
  }

  async function across({ source, target }: Stores, batch: readonly string[]): Promise<void> {
    const read = `${unframe}
      cd ${quote(`${source.root}/${layout}`)} && ${archived}`;
    const write = `${unframe}
      mkdir -p ${quote(`${target.root}/${layout}`)} && cd ${quote(`${target.root}/${layout}`)} && unframe | tar -xf -`;
    const archive = new PassThrough({ highWaterMark: 4 * 1024 ** 2 });
    const framed = new PassThrough({ highWaterMark: 4 * 1024 ** 2 });
    const reading = must(source.shell, read, { stdin: list(batch), stdout: archive }, whileServing).finally(
      () => archive.end(),
    );
    const writing = must(target.shell, write, { stdin: framed, stdout: new PassThrough().resume() });
    await Promise.all([reading, writing, pipeline(archive, new Blocks(), new Frames(), framed)]);
  }
}

/** Joins what comes in pieces, so that the other side does not start a program for each. */
class Blocks extends Transform {
  private static readonly bytes = 4 * 1024 ** 2;
  private pieces: Buffer[] = [];
  private length = 0;

  override _transform(chunk: Buffer, _: BufferEncoding, done: TransformCallback): void {
    this.pieces.push(chunk);
    this.length += chunk.length;
    if (this.length >= Blocks.bytes) this.give();
    done();
  }

  override _flush(done: TransformCallback): void {
    if (this.length) this.give();
    done();
  }

  private give(): void {
    this.push(Buffer.concat(this.pieces));
    this.pieces = [];
    this.length = 0;
  }
}

export interface Batch {
  readonly paths: readonly string[];
  readonly bytes: number;
}

function* batches(paths: readonly string[], listing: Listing): Generator<Batch> {
  let batch: string[] = [];
  let [bytes, nameBytes] = [0, 0];
  for (const path of paths) {
    batch.push(path);
    bytes += listing.get(path)?.bytes ?? 0;
    nameBytes += Buffer.byteLength(path) + "./\0".length;
    if (bytes < batchBytes && nameBytes < batchNameBytes) continue;
    yield { paths: batch, bytes };
    batch = [];
    [bytes, nameBytes] = [0, 0];
  }
  if (batch.length) yield { paths: batch, bytes };
}
