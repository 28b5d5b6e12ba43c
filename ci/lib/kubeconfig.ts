import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";

/**
 * Gives `work` an environment whose KUBECONFIG is a private file outside the checkout, with what the secret holds;
 * the file is gone afterwards. Without the secret the environment stays as it is.
 */
export async function withKubeconfig<T>(
  environment: NodeJS.ProcessEnv,
  work: (environment: NodeJS.ProcessEnv) => Promise<T>,
): Promise<T> {
  const { KUBECONFIG_CONTENTS: contents, ...others } = environment;
  if (!contents) return work(others);
  // GitHub empties RUNNER_TEMP around every job, also around one that was killed.
  const folder = mkdtempSync(path.join(environment.RUNNER_TEMP ?? tmpdir(), "kubeconfig-"));
  try {
    const file = path.join(folder, "config");
    writeFileSync(file, contents, { mode: 0o600 });
    return await work({ ...others, KUBECONFIG: file });
  } finally {
    rmSync(folder, { recursive: true });
  }
}
