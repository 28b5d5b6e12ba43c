import { writeFileSync } from "node:fs";
import * as path from "node:path";

import { withTemporaryFolder } from "../../temporary-folder";

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
  const use = ({ path: folder }: { path: string }) => {
    const file = path.join(folder, "config");
    writeFileSync(file, contents, { mode: 0o600 });
    return work({ ...others, KUBECONFIG: file });
  };
  // GitHub empties RUNNER_TEMP around every job, also around one that was killed.
  return withTemporaryFolder("kubeconfig", use, environment.RUNNER_TEMP);
}
