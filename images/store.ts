import { Readable } from "node:stream";
import { UserError } from "../errors";
import { quote } from "../hosts/quote";
import { Frames, unframe } from "./frames";
import { output, type Shell } from "./shell";

/** A file of a store, by its path below docker/registry/v2 (distribution's layout, the same in every backend). */
export interface StoredFile {
  readonly bytes: number;
  /** Seconds since 1970. */
  readonly changed: number;
}

export type Listing = ReadonlyMap<string, StoredFile>;

/** A store: the shell that sees it, and the directory in which the registry has it. */
export interface StoreAt {
  readonly shell: Shell;
  readonly root: string;
}

/** Below a store's directory. */
export const layout = "docker/registry/v2";

/**
 * find's conditions for what is part of a store. Uploads that are under way are their clients' to begin anew: their states are
 * signed, and name files of the old store. No registry writes a name of two lines.
 */
export const kept = `! -path '*/_uploads/*' ! -path '*\n*'`;

/** First digit of a mode in hex, as stat has it (S_IFMT of inode(7)). */
const symbolicLink = "a";

/** Every file of a store; none where nobody ever pushed. What a symbolic link hides from it is an error. */
export async function listFiles({ shell, root }: StoreAt, whileServing: boolean): Promise<Listing> {
  const script = `cd ${quote(root)} || exit
    for top in docker docker/registry ${layout}; do [ ! -L $top ] || echo "${symbolicLink} $top"; done
    [ -d ${layout} ] || exit 0
    cd ${layout} && find . ${kept} \\( -type f -o -type l \\) -exec stat -c '%f %s %Y %n' {} +`;
  const files = new Map<string, StoredFile>();
  for (const line of (await output(shell, script, { whileServing })).split("\n")) {
    const [, type, bytes, changed, path] = /^(\w)\w* (?:(\d+) (\d+) \.\/)?(.*)$/.exec(line) ?? [];
    if (path === undefined) continue;
    if (type === symbolicLink)
      throw new UserError(
        `in ${shell.place} the store has a symbolic link, ${path}: what is behind it would not be copied; put that in ` +
          `its place, or copy by hand (docs/switching-backends.md)`,
      );
    files.set(path, { bytes: Number(bytes), changed: Number(changed) });
  }
  return files;
}

/** What so few say is less than a pipe takes at once: lines of several processes stay whole. */
const hashedAtOnce = 8;

/** The hash of each of the files, or of those that are there, by the tool of that name (sha256sum, sha512sum), by its path. */
export async function hashes(
  { shell, root }: StoreAt,
  tool: string,
  paths: readonly string[],
  whileServing = false,
): Promise<Map<string, string>> {
  const script = `${unframe}
    cd ${quote(`${root}/${layout}`)} && unframe | tr '\\n' '\\0' |
      xargs -0 -n ${hashedAtOnce} -P "$(nproc)" ${tool} --`;
  return paths.length
    ? parseHashes(await output(shell, script, { stdin: list(paths), whileServing }))
    : new Map();
}

/** The hash of every link: what a tag or a repository's list of layers and manifests says. */
export async function linkHashes({ shell, root }: StoreAt): Promise<Map<string, string>> {
  const script = `cd ${quote(root)} || exit
    [ -d ${layout}/repositories ] || exit 0
    cd ${layout} && find ./repositories -type f ${kept} -exec sha256sum {} +`;
  return parseHashes(await output(shell, script));
}

/** Takes away from a copy what its source does not have any more. */
export async function removeFiles({ shell, root }: StoreAt, paths: readonly string[]): Promise<void> {
  const script = `${unframe}
    cd ${quote(`${root}/${layout}`)} && unframe | tr '\\n' '\\0' | xargs -0 rm -f --`;
  if (paths.length) await output(shell, script, { stdin: list(paths) });
}

/** Paths as frames, one a line. */
export function list(paths: readonly string[]): Readable {
  return Readable.from([Buffer.from(paths.map((path) => `./${path}\n`).join(""))]).pipe(new Frames());
}

function parseHashes(printed: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const line of printed.split("\n")) {
    const [, hash = "", path] = /^([0-9a-f]+) [ *]\.\/(.*)$/.exec(line) ?? [];
    if (path !== undefined) found.set(path, hash);
  }
  return found;
}

/** A blob's digest by its path, in the parts that its path has; undefined for what is no blob. */
export function blobOf(path: string): { algorithm: string; hex: string } | undefined {
  const [, algorithm = "", hex = ""] = /^blobs\/(\w+)\/\w\w\/([0-9a-f]+)\/data$/.exec(path) ?? [];
  return hex ? { algorithm, hex } : undefined;
}

/** Where a blob lies. */
export function pathOfBlob(algorithm: string, hex: string): string {
  return `blobs/${algorithm}/${hex.slice(0, 2)}/${hex}/data`;
}

/** The blobs that links name: of manifests, and of a repository's layers. */
export function linkedBlobs(files: Iterable<string>): Set<string> {
  const linked = new Set<string>();
  for (const path of files) {
    const [, algorithm = "", hex = ""] =
      /^repositories\/.*\/(?:_manifests\/revisions|_layers)\/(\w+)\/([0-9a-f]+)\/link$/.exec(path) ?? [];
    if (hex) linked.add(pathOfBlob(algorithm, hex));
  }
  return linked;
}
