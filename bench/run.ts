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

/** What needs a cluster; the large one last, for what it holds would slow the others. */
async function clusterRows(): Promise<BenchRow[]> {
  const directory = mkdtempSync(path.join(tmpdir(), "image-registry-bench-"));
  const first = await startSandbox({ directory, log: (line) => console.error(line) });
  await first.stop();
  const begun = performance.now();
  const controlPlane = await startSandbox({ directory });
  const start = { what: "sandbox, second start to ready", unit: "ms", ours: performance.now() - begun };
  try {
    return [
      { ...start, against: "limit", theirs: 10_000 },
      ...(await previewRows(controlPlane.kubeconfig)),
      ...(await fleetRows(controlPlane.kubeconfig)),
      ...(await largeClusterRows(controlPlane.kubeconfig)),
    ];
  } finally {
    await controlPlane.stop();
    rmSync(directory, { recursive: true });
  }
}

async function main(): Promise<void> {
  console.log(table([...(await clusterRows()), ...(await imageRows()), ...(await hostRows())]));
}

void main();
