import { spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { PassThrough, type Readable, type Writable } from "node:stream";
import { Copy } from "../images/passes";
import { must, type Shell } from "../images/shell";
import { layout, pathOfBlob } from "../images/store";
import { type BenchRow, median } from "./table";

const layers = 24;
const layerBytes = 16 * 1024 ** 2;
const small = 2000;
const rounds = 3;

/**
 * A move of images, against what any copy costs between the same two places: the first pass, and the look that finds it complete,
 * against `tar | tar`; the verification against sha256sum, a process a core, over the same blobs.
 */
export async function imageRows(): Promise<BenchRow[]> {
  const root = mkdtempSync(path.join(tmpdir(), "image-registry-bench-"));
  const [source, target] = ["source", "target"].map((name) => path.join(root, name)) as [string, string];
  const size = `${(fill(source) / 1024 ** 2).toFixed(0)} MiB`;
  const [here, there] = [localShell(), localShell()];
  const anew = () => {
    rmSync(target, { recursive: true, force: true });
    mkdirSync(target);
  };
  const read = `tar -C '${source}' -cf - .`;
  const write = `tar -C '${target}' -xf -`;
  const between = async () => {
    const archive = new PassThrough();
    await Promise.all([
      must(here, read, { stdout: archive }).finally(() => archive.end()),
      must(there, write, { stdin: archive, stdout: sink() }),
    ]);
  };
  const plain = new Map([
    [here, () => must(here, `${read} | ${write}`, { stdout: sink() })],
    [there, between],
  ]);
  const hash = `find '${target}' -path '*/blobs/*' -type f | xargs -n 8 -P "$(nproc)" sha256sum`;
  try {
    const rows: BenchRow[] = [];
    for (const [shell, copyPlainly] of plain) {
      const way = shell === here ? "from claim to claim" : "from pod to pod";
      const times = new Times();
      for (let round = 0; round < rounds; round++) {
        anew();
        await times.of("tar", copyPlainly);
        anew();
        const copy = new Copy(
          { source: { shell: here, root: source }, target: { shell, root: target } },
          () => undefined,
        );
        await times.of("first pass", () => copy.whileServing());
        if (shell === there) continue; // blobs are hashed where they are
        await times.of("sha256sum", () => must(shell, hash, { stdout: sink() }));
        await times.of("verification", () => copy.verifyWhileServing());
      }
      rows.push({
        what: `images ${way}, ${size}, first pass`,
        unit: "ms",
        ours: times.median("first pass"),
        against: "tar | tar; the limit is twice its time",
        theirs: times.median("tar"),
      });
      if (shell === there) continue;
      rows.push({
        what: `images, ${size}, verification`,
        unit: "ms",
        ours: times.median("verification"),
        against: "sha256sum, a process a core",
        theirs: times.median("sha256sum"),
      });
    }
    return rows;
  } finally {
    rmSync(root, { recursive: true });
  }
}

class Times {
  private readonly taken = new Map<string, number[]>();

  async of(what: string, work: () => Promise<unknown>): Promise<void> {
    const begun = performance.now();
    await work();
    this.taken.set(what, [...(this.taken.get(what) ?? []), performance.now() - begun]);
  }

  median(what: string): number {
    return median(this.taken.get(what) ?? []);
  }
}

/** As of many images on few layers: some large files, many small ones, links in folders of their own. Returns the bytes. */
function fill(root: string): number {
  let bytes = 0;
  const write = (file: string, content: Buffer) => {
    const place = path.join(root, layout, file);
    mkdirSync(path.dirname(place), { recursive: true });
    writeFileSync(place, content);
    bytes += content.length;
  };
  for (let i = 0; i < layers + small; i++) {
    const content = randomBytes(i < layers ? layerBytes : 2000);
    const hex = createHash("sha256").update(content).digest("hex");
    write(pathOfBlob("sha256", hex), content);
    write(`repositories/team-${i % 50}/app/_layers/sha256/${hex}/link`, Buffer.from(`sha256:${hex}`));
  }
  return bytes;
}

const sink = () => new PassThrough().resume();

/** This machine's shell for a pod's. Two of them are two pods: what goes from one to the other goes through this program. */
function localShell(): Shell {
  return {
    place: "a pod",
    run: (script, { stdin, stdout }: { stdin?: Readable; stdout: Writable }) =>
      new Promise((resolve, reject) => {
        const child = spawn("sh", ["-c", script], { stdio: ["pipe", "pipe", "pipe"] });
        let stderr = "";
        child.stderr.on("data", (data: Buffer) => (stderr += data.toString()));
        child.stdin.on("error", () => undefined); // it need not read all
        stdin?.pipe(child.stdin);
        child.stdout.pipe(stdout, { end: false });
        child.on("error", reject);
        child.on("close", (code) => resolve({ exitCode: code ?? 1, stderr }));
      }),
  };
}
