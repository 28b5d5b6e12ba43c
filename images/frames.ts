import { Transform, type TransformCallback } from "node:stream";

/**
 * What is sent to a command says itself where it ends, because of the end of its standard input older API servers cannot
 * tell it: frames, each of a line with the number of its bytes and these bytes, and at last a line "0". A stream that is cut
 * ends, to the command, in the middle.
 */
export class Frames extends Transform {
  override _transform(chunk: Buffer, _: BufferEncoding, done: TransformCallback): void {
    this.push(`${chunk.length}\n`);
    done(null, chunk);
  }

  override _flush(done: TransformCallback): void {
    done(null, "0\n");
  }
}

/** Shell function that writes what frames hold. dd takes no byte more than it is told, which head does not promise. */
export const unframe = `unframe() {
  while read -r bytes && [ "$bytes" -gt 0 ]; do
    dd bs="$bytes" count=1 iflag=fullblock 2>/dev/null || return
  done
}`;
