import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

import { UserError } from "../../errors";

/** Runs `go` on the module in a folder and returns what it wrote; every line on stderr goes to `onLine`. */
export async function go(
  module: string,
  args: readonly string[],
  { onLine = () => undefined, signal }: { onLine?: (line: string) => void; signal?: AbortSignal } = {},
): Promise<string> {
  const child = spawn("go", args, {
    cwd: module,
    // Static programs; a go.work in a folder above must not change what is pinned.
    env: { ...process.env, CGO_ENABLED: "0", GOWORK: "off" },
    stdio: ["ignore", "pipe", "pipe"],
    signal,
  });
  const lastLines: string[] = [];
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
  createInterface(child.stderr).on("line", (line) => {
    lastLines.push(line);
    if (lastLines.length > 8) lastLines.shift();
    onLine(line);
  });
  const status = await new Promise<number | null>((resolve, reject) => {
    child.on("close", resolve);
    child.on("error", (error: NodeJS.ErrnoException) => {
      if (signal?.aborted) reject(signal.reason as Error);
      else reject(error.code === "ENOENT" ? new UserError(noGo) : error);
    });
  });
  if (status !== 0) throw new UserError(goFailed(args, lastLines.join("\n")));
  return output.trim();
}

const noGo =
  "the sandbox builds its programs with Go, and there is no `go` on PATH: " +
  "install Go 1.26 or newer (https://go.dev/dl), then run this again";

function goFailed(args: readonly string[], lastLines: string): string {
  // Go from 1.21 on names the version it needs (and fetches it, unless GOTOOLCHAIN forbids); older ones trip over go.mod.
  const tooOld = /requires go >=|invalid go version|unknown directive|unknown block type/.test(lastLines);
  const advice = tooOld
    ? "this Go is too old: install Go 1.26 or newer (https://go.dev/dl), then run this again"
    : "`go env GOPROXY` must be reachable and the disk must have 6 GB free; then run this again, it goes on where it stopped";
  return `go ${args[0]} failed:\n${lastLines}\n${advice}`;
}
