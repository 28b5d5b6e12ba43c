import { spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { PassThrough, type Readable, type Writable } from "node:stream";
import { copyFiles, differenceOf } from "../images/copy";
import { Copy } from "../images/passes";
import { must, type Shell } from "../images/shell";
import { layout, listFiles, pathOfBlob } from "../images/store";
import { type BenchRow, median } from "./table";

const blobs = 24;
const blobBytes = 16 * 1024 ** 2;
const rounds = 3;

/** The first pass of a move of images from one claim to another, against `tar | tar` between the same two places. */
export async function imageRows(): Promise<BenchRow[]> {
  const root = mkdtempSync(path.join(tmpdir(), "image-registry-bench-"));
  const [source, target] = ["source", "target"].map((name) => path.join(root, name)) as [string, string];
  try {
    fill(source);
    const shell = localShell();
    const stores = { source: { shell, root: source }, target: { shell, root: target } };
    const timed = async (work: () => Promise<unknown>) => {
      rmSync(target, { recursive: true, force: true });
      mkdirSync(target);
      const begun = performance.now();
      await work();
      return performance.now() - begun;
    };
    const plain = () =>
      must(shell, `tar -C '${source}' -cf - . | tar -C '${target}' -xf -`, { stdout: sink() });
    const copied = async () => {
      const files = await listFiles(stores.source, true);
      const { toCopy } = differenceOf(files, await listFiles(stores.target, false));
      await copyFiles(stores, toCopy, files, { whileServing: true, copied: () => undefined });
    };
    const hashed = () => new Copy(stores, () => undefined).whileServing();
    const times = { plain: [] as number[], copied: [] as number[], hashed: [] as number[] };
    for (let round = 0; round < rounds; round++) {
      times.plain.push(await timed(plain));
      times.copied.push(await timed(copied));
      times.hashed.push(await timed(hashed));
    }
    const row = (what: string, ours: number[]): BenchRow => ({
      what: `images from claim to claim, ${(blobs * blobBytes) / 1024 ** 2} MiB, ${what}`,
      unit: "ms",
      ours: median(ours),
      against: "tar | tar; the limit is twice its time",
      theirs: median(times.plain),
    });
    return [row("copied", times.copied), row("copied and every blob hashed", times.hashed)];
  } finally {
    rmSync(root, { recursive: true });
  }
}

function fill(root: string): void {
  for (let i = 0; i < blobs; i++) {
    const content = randomBytes(blobBytes);
    const file = path.join(
      root,
      layout,
      pathOfBlob("sha256", createHash("sha256").update(content).digest("hex")),
    );
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, content);
  }
}

const sink = () => new PassThrough().resume();

/** This machine's shell for the mover's, which has both claims mounted: no file goes through the API server. */
function localShell(): Shell {
  return {
    place: "the mover",
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
