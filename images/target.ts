import { UserError } from "../errors";
import { bytesText } from "../platforms/text/bytes";
import { quote } from "../hosts/quote";
import { kept, layout, type StoreAt } from "./store";
import { output } from "./shell";

/** Marks a store whose images are not all there yet, and names the store that they come from. */
export const marker = ".image-registry-copy";

/**
 * Takes a store as the target of a copy: an empty one, or one to which the same source was copied before, but not to its
 * end. Whatever else is there stays untouched. Writes, so that a store that cannot be written to is found here.
 */
export async function claimTarget({ shell, root }: StoreAt, source: string): Promise<void> {
  const script = `cd ${quote(root)} || exit
    if [ -e ${marker} ]; then cat ${marker}; exit; fi
    [ ! -d ${layout} ] || files=$(find ${layout} ${kept} ! -type d | head -n 1)
    if [ -n "$files" ]; then echo other; exit; fi
    printf '%s' ${quote(source)} > ${marker} && cat ${marker}`;
  const found = await output(shell, script);
  if (found === source) return;
  throw new UserError(
    found.trim() === "other"
      ? `copyImages: the target is not empty: it holds images, and no copy of this store was begun there; empty it, name ` +
          `another one, or, if it holds what is to be served, name the store that is left in acceptImageLoss in place of copyImages`
      : `copyImages: the target holds a part of another store's images (${found}); empty it, or name another one`,
  );
}

/** The store is whole: a later copy to it would begin anew. */
export async function releaseTarget({ shell, root }: StoreAt): Promise<void> {
  await output(shell, `rm -f ${quote(`${root}/${marker}`)}`);
}

/** An error where less is free than has to be copied. */
export async function assertRoom({ shell, root }: StoreAt, bytes: number): Promise<void> {
  const printed = await output(shell, `df -Pk ${quote(root)}`);
  const free = Number(printed.trim().split("\n").at(-1)?.split(/\s+/)[3]) * 1024;
  if (free < bytes) {
    throw new UserError(
      `copyImages: the images need ${bytesText(bytes)} more, and the target has ${bytesText(free)} free`,
    );
  }
}
