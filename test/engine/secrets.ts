import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { parse } from "yaml";
import type { StackRun } from "../../sandbox/engine";
import type { Engine } from "../../sandbox/engine/engines";
import type { EngineCluster } from "./cluster";
import { kept, text } from "./runs";
import { backends, isStoreKnown, s3Keys } from "./settings";

interface Kubeconfig {
  users: { user: Record<string, unknown> }[];
}

/** A stack that is given keys and a kubeconfig, and makes a secret of its own. */
export function secrets(engine: Engine, cluster: EngineCluster): void {
  const test = isStoreKnown ? it : it.skip;
  const title = isStoreKnown ? "" : " (needs IMAGE_REGISTRY_TEST_S3: the operator asks the object store)";

  test(`what is shown and kept has no secret in plain text${title}`, async () => {
    await cluster.fresh();
    const kubeconfig = readFileSync(cluster.controlPlane.kubeconfig, "utf8");
    const given = cluster.stack("dev", { ...backends.s3.asked, kubeconfig });
    const run: StackRun = { ...given, secretKeys: [...given.secretKeys, "image-registry:kubeconfig"] };

    const preview = await engine.preview(run);
    const up = await engine.up(run);
    const seen = { preview: text(preview), up: text(up), outputs: up.outputs, kept: await kept(engine, run) };

    const { httpSecret } = (await cluster.config()).spec;
    const plain: Record<string, string> = {
      ...s3Keys,
      httpSecret: httpSecret ?? assert.fail("no httpSecret"),
      ...Object.fromEntries(keysOf(kubeconfig).map((key, index) => [`kubeconfig's key ${index}`, key])),
    };
    for (const [place, content] of Object.entries(seen)) {
      for (const [name, value] of Object.entries(plain)) {
        const forms = [value, Buffer.from(value).toString("base64")];
        // Not the secret itself: a log of this test is not the place for it either.
        assert.ok(!forms.some((form) => JSON.stringify(content).includes(form)), `${place} has ${name}`);
      }
    }
  });
}

function keysOf(kubeconfig: string): string[] {
  const { users } = parse(kubeconfig) as Kubeconfig;
  const values = users.flatMap(({ user }) => [user["client-key-data"], user["token"]]);
  return values.filter((value) => typeof value === "string");
}
