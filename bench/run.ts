/** `npm run bench`: what is measured, this project's figure, the alternative's, and their ratio. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { startSandbox } from "../sandbox/start";
import { fleetRows } from "./fleet";
import { hostRows } from "./hosts";
import { imageRows } from "./images";
import { largeClusterRows } from "./large-cluster";
import { previewRows } from "./preview";
import { type BenchRow, table } from "./table";

/** In groups, each told as soon as it is measured: all of them take long, and may not come to their end. */
async function* measured(): AsyncGenerator<BenchRow[]> {
  const directory = mkdtempSync(path.join(tmpdir(), "image-registry-bench-"));
  const first = await startSandbox({ directory, log: (line) => console.error(line) });
  await first.stop();
  const begun = performance.now();
  const controlPlane = await startSandbox({ directory });
  const start = { what: "sandbox, second start to ready", unit: "ms", ours: performance.now() - begun };
  yield [{ ...start, against: "limit", theirs: 10_000 }];
  try {
    yield await previewRows(controlPlane.kubeconfig);
    yield await fleetRows(controlPlane.kubeconfig);
    // Last on the cluster, for what it holds would slow the others.
    yield await largeClusterRows(controlPlane.kubeconfig);
  } finally {
    await controlPlane.stop();
    rmSync(directory, { recursive: true });
  }
  yield await imageRows();
  yield await hostRows();
}

async function main(): Promise<void> {
  for await (const rows of measured()) if (rows.length > 0) console.log(`${table(rows)}\n`);
}

void main();
