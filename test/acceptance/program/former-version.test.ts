import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import * as path from "node:path";
import { type KubernetesObject, KubernetesObjectApi, PatchStrategy } from "@kubernetes/client-node";
import { connect } from "../../../sandbox/connect";
import { ClusterClient } from "../../../kubernetes/client";
import { platforms } from "../../../platforms";
import { waitFor } from "../../../platforms/wait";
import {
  changes,
  configurationOf,
  configure,
  expectNoChanges,
  preview,
  type StackRun,
  up,
} from "../../support/engine";
import { assertHidden } from "../../support/secrets";
import { testCluster } from "./harness";
import { Objects } from "./objects";

/** What `pulumi stack export --show-secrets` gives, as far as it is read here. */
interface State {
  readonly deployment: { readonly resources: readonly Resource[] };
}
interface Resource {
  readonly type: string;
  readonly inputs?: KubernetesObject;
  readonly outputs?: { readonly __fieldManager?: string };
}

/**
 * former-version/NAME.json is what the version before RandomPassword (0b8cda6) left of a stack on Pulumi's engine, with
 * the real random provider: its RandomBytes has the http secret as its id. Times, status, managed fields and the places in
 * the source were taken out; uids and kubeconfig are the test's to fill in, and the secret is one that protects nothing.
 */
describe("a stack that an earlier version of this program has made", function () {
  this.timeout("5m");
  const cluster = testCluster();
  const standalone = new Objects("image-registry");

  it("keeps all it has on emptyDir, rolls no pod, and is clean of its http secret after one up", async () => {
    await becomesClean(cluster.stack("dev"), async () => ({
      secret: (await cluster.config()).spec.httpSecret,
      pods: (await cluster.pods()).map(({ metadata }) => metadata.uid),
    }));
  });

  it("keeps its volume, claim, nodes and pruner on nfs, rolls no pod, and is clean after one up", async () => {
    await cluster.fresh();
    const settings = {
      placement: { infra: true, nodes: ["worker-0"] },
      pruner: { keepTagRevisions: 3 },
    };
    await becomesClean(cluster.stack("prod", settings), async () => ({
      secret: (await cluster.config()).spec.httpSecret,
      pods: (await cluster.pods()).map(({ metadata }) => metadata.uid),
      claims: (await cluster.list("PersistentVolumeClaim")).map(({ metadata }) => metadata.uid),
    }));
  });

  it("keeps the registry that it runs itself, rolls no pod, and is clean after one up", async () => {
    standalone.connect(cluster.controlPlane.kubeconfig);
    const run = { ...cluster.stack("standalone"), secrets: () => standalone.secrets() };
    const seen = async () => ({
      secrets: await standalone.secrets(),
      pods: (await standalone.list("Pod")).map(({ metadata }) => metadata.uid),
    });
    await becomesClean(run, seen, ["create registry-network-policy", "update registry-budget"]);
  });

  async function becomesClean(
    run: StackRun,
    seen: () => Promise<object>,
    added: string[] = [],
  ): Promise<void> {
    await bringBack(run);
    await assert.rejects(assertHidden(run, {}), /the state has .* in plain text/);
    const before = await seen();
    const steps = ["create registry-http-secret", ...added, "retain registry-http-secret"].sort();
    const unsearched = { ...run, secrets: () => Promise.resolve({}) }; // a preview cleans nothing
    assert.deepEqual(changes(await preview(unsearched)).sort(), steps);
    assert.deepEqual(changes(await up(run)).sort(), steps); // what it leaves is searched, as after every run
    assert.deepEqual(await seen(), before);
    await expectNoChanges(run);
  }

  /** Brings cluster and state to where that version's up has left them. */
  async function bringBack(run: StackRun): Promise<void> {
    const { kubeconfig } = cluster.controlPlane;
    const text = readFileSync(path.join(__dirname, `former-version/${run.stack}.json`), "utf8");
    const config = (await cluster.config()).metadata.uid;
    const pruner = (await cluster.get("ImagePruner", "cluster"))!.metadata.uid;
    const here = { KUBECONFIG: kubeconfig, "UID-OF-THE-CONFIG": config, "UID-OF-THE-PRUNER": pruner };
    const state = text.replaceAll(
      /KUBECONFIG|UID-OF-THE-(CONFIG|PRUNER)/g,
      (name) => here[name as keyof typeof here],
    );
    const api = apiOf(kubeconfig);
    for (const { type, inputs, outputs } of (JSON.parse(state) as State).deployment.resources) {
      if (!type.startsWith("kubernetes:")) continue;
      const object = JSON.parse(JSON.stringify(inputs), inPlain) as KubernetesObject;
      const manager = outputs?.__fieldManager;
      await api.patch(object, undefined, undefined, manager, true, PatchStrategy.ServerSideApply);
    }
    const configuration = configurationOf(run);
    const platform = platforms[configuration.platform];
    const connection = { kubeconfig, context: configuration.context };
    const plan = platform.plan(configuration);
    const live = await platform.read(new ClusterClient(connection), plan);
    await waitFor(platform, connection, plan, {
      live,
      timeoutSeconds: 60,
      progress: () => undefined,
    });
    await configure(run);
    await run.stacks.command(["stack", "import", "--stack", run.stack], { stdin: state });
  }
});

function apiOf(kubeconfig: string): KubernetesObjectApi {
  return KubernetesObjectApi.makeApiClient(connect(kubeconfig));
}

/** A reviver: secrets as they are, not as a state marks them. */
function inPlain(_key: string, value: unknown): unknown {
  const { plaintext } = (value ?? {}) as { plaintext?: string };
  return plaintext === undefined ? value : JSON.parse(plaintext);
}
