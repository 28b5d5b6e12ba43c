import { spawn, spawnSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import type { Readable, Writable } from "node:stream";
import { finished } from "node:stream/promises";
import type { Shell } from "../../../images/shell";
import type { StoreAt } from "../../../images/store";

/** Modes mean something also to root, as to the users that registries run as. */
export const asUser: readonly string[] =
  process.getuid?.() === 0 ? ["setpriv", "--bounding-set=-all", "--inh-caps=-all"] : [];

/** This machine's shell in place of a container's: its tools, or busybox, which has those of Alpine's images. */
export class LocalShell implements Shell {
  /** Called with every script before it runs; what it throws is what the way to the pod throws. */
  before: (script: string) => void | Promise<void> = () => {};

  constructor(
    readonly place: string,
    private readonly command: readonly string[] = ["sh", "-c"],
  ) {}

  async run(script: string, { stdin, stdout }: { stdin?: Readable; stdout: Writable }) {
    await this.before(script);
    return this.onThisMachine(script, { stdout, ...(stdin && { stdin }) });
  }

  protected async onThisMachine(script: string, { stdin, stdout }: { stdin?: Readable; stdout: Writable }) {
    const [program = "sh", ...args] = this.command;
    const child = spawn(program, [...args, script], { stdio: ["pipe", "pipe", "pipe"] });
    let stderr = "";
    child.stderr.on("data", (data: Buffer) => (stderr += data.toString()));
    child.stdin.on("error", () => {}); // it need not read all
    if (stdin) stdin.pipe(child.stdin, { end: false });
    child.stdout.pipe(stdout, { end: false });
    const [exitCode] = await Promise.all([
      new Promise<number>((resolve) => child.on("close", (code) => resolve(code ?? 1))),
      finished(child.stdout),
    ]);
    stdin?.unpipe();
    return { exitCode, stderr };
  }
}

/** The folder of a store in the layout that distribution writes. */
export class LocalStore {
  readonly root = mkdtempSync(path.join(tmpdir(), "store-"));

  at(shell: Shell): StoreAt {
    return { shell, root: this.root };
  }

  /** As distribution writes an image of one layer: blobs, links, and the tag's. Returns the manifest's digest in hex. */
  push(repository: string, tag: string, content: Buffer = randomBytes(1000)): string {
    const layer = this.blob(content);
    const manifest = this.blob(Buffer.from(JSON.stringify({ layers: [layer], tag })));
    const of = `repositories/${repository}`;
    this.link(`${of}/_layers/sha256/${layer}/link`, layer);
    this.link(`${of}/_manifests/revisions/sha256/${manifest}/link`, manifest);
    this.link(`${of}/_manifests/tags/${tag}/index/sha256/${manifest}/link`, manifest);
    this.link(`${of}/_manifests/tags/${tag}/current/link`, manifest);
    return manifest;
  }

  blob(content: Buffer): string {
    const hex = createHash("sha256").update(content).digest("hex");
    this.write(`blobs/sha256/${hex.slice(0, 2)}/${hex}/data`, content);
    return hex;
  }

  link(file: string, hex: string): void {
    this.write(file, `sha256:${hex}`);
  }

  deleteTag(repository: string, tag: string): void {
    rmSync(this.path(`repositories/${repository}/_manifests/tags/${tag}`), { recursive: true });
  }

  write(file: string, content: Buffer | string): void {
    mkdirSync(path.dirname(this.path(file)), { recursive: true });
    writeFileSync(this.path(file), content);
  }

  /** Every file below docker/registry/v2 and its hash. */
  files(): Record<string, string> {
    const base = this.path("");
    if (!existsSync(base)) return {};
    const names = readdirSync(base, { recursive: true, withFileTypes: true }).filter((entry) =>
      entry.isFile(),
    );
    const found = names.map((entry) => {
      const file = path.join(entry.parentPath, entry.name);
      const hash = createHash("sha256").update(readFileSync(file)).digest("hex");
      return [path.relative(base, file), hash] as const;
    });
    return Object.fromEntries(found.sort());
  }

  /** By its owner, as long as modes mean something to that. */
  canBeWritten(): boolean {
    return readdirSync(this.path(""), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isDirectory() || entry.name === "link")
      .every((entry) => statSync(path.join(entry.parentPath, entry.name)).mode & 0o200);
  }

  /** Whether a hold on it ends only when somebody ends it. */
  isKept(): boolean {
    return existsSync(path.join(this.root, ".image-registry-hold/kept"));
  }

  path(file: string): string {
    return path.join(this.root, "docker/registry/v2", file);
  }

  remove(): void {
    spawnSync("chmod", ["-R", "u+rwX", this.root]);
    rmSync(this.root, { recursive: true });
  }
}
