import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { preview, up } from "../../support/engine";
import type { StacksCluster } from "./cluster";
import { backends, isStoreKnown } from "./settings";

/** A stack that is given keys and a kubeconfig, and makes a secret of its own: every run is searched for them. */
export function secrets(cluster: StacksCluster): void {
  const test = isStoreKnown ? it : it.skip;
  const title = isStoreKnown ? "" : " (needs IMAGE_REGISTRY_TEST_S3: the operator asks the object store)";

  test(`what is shown and kept has none in plain text, nor have the outputs${title}`, async () => {
    const kubeconfig = readFileSync(cluster.controlPlane.kubeconfig, "utf8");
    const given = cluster.stack("dev", { ...backends.s3.asked, kubeconfig, acceptImageLoss: "emptyDir" });
    const run = { ...given, moreSecretKeys: ["kubeconfig"] };
    await preview(run);
    await up(run);
    const shown = await run.stacks.command(["stack", "output", "--json", "--stack", run.stack]);
    assert.equal((JSON.parse(shown) as Record<string, unknown>)["httpSecret"], "[secret]");
  });
}
