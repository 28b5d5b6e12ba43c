import assert from "node:assert/strict";
import { operator } from "../../../platforms/operator";
import { configDrift } from "../../../platforms/operator/drift";
import type { LiveOperator } from "../../../platforms/operator/live";
import type { RegistryPlan } from "../../../platforms/plan";
import {
  RegistryOperatorPatch,
  type RegistryOperatorPatchArgs,
} from "../../../components/registry-operator-patch";
import { clusterProvider, nowhere } from "../support/cluster";
import { FakeCluster } from "../support/fake-cluster";
import { followed, live, onClaim, plan, registryConfig } from "../support/fixtures";
import { patience, configPatch, type Inputs, isSecret, run } from "../support/monitor";

interface Scene {
  readonly found?: Partial<LiveOperator>;
  readonly asked?: Partial<RegistryPlan>;
  readonly args?: Partial<RegistryOperatorPatchArgs>;
  readonly preview?: boolean;
  readonly connection?: { kubeconfig: string; context: string };
}

/** A preview without a cluster to connect to, unless the scene says otherwise. */
async function patched({ found, asked, args, preview = true, connection = nowhere }: Scene = {}) {
  const [registry, wanted] = [live(found), plan(asked)];
  const checked = {
    live: registry,
    findings: operator.preflight(registry, wanted),
    drift: configDrift(registry.config, wanted),
  };
  const done = await run(
    () => {
      const provider = clusterProvider();
      return new RegistryOperatorPatch("registry", { ...wanted, connection, checked, ...args }, { provider })
        .conditions;
    },
    { preview },
  );
  const patch = done.resources.find(({ type }) => type === configPatch);
  assert.ok(patch);
  const { annotations } = patch.inputs["metadata"] as { annotations: Record<string, string> };
  return { ...done, patch, annotations, spec: patch.inputs["spec"] as Inputs };
}

describe("the patch of the Config", function () {
  this.timeout(patience);

  it("owns the same full set of fields every time, with exactly one backend that the operator must not manage", async () => {
    const { spec, patch } = await patched({ asked: { storage: onClaim("images"), replicas: 2 } });
    assert.deepEqual(spec, {
      managementState: "Managed",
      replicas: 2,
      rolloutStrategy: "RollingUpdate",
      storage: { managementState: "Unmanaged", pvc: { claim: "images" } },
      httpSecret: "0123456789abcdef",
    });
    const { name, namespace } = patch.inputs["metadata"] as Record<string, string>;
    assert.deepEqual([patch.inputs["kind"], name, namespace], ["Config", "cluster", undefined]);
  });

  it("owns other fields when they are given", async () => {
    const { spec } = await patched({ asked: { settings: { defaultRoute: true, logLevel: "Debug" } } });
    assert.deepEqual([spec["defaultRoute"], spec["logLevel"]], [true, "Debug"]);
  });

  it("leaves running pods the http secret they know, and gives others one of its own", async () => {
    assert.equal((await patched()).spec["httpSecret"], "0123456789abcdef");
    assert.equal((await patched({ found: { deployment: undefined } })).spec["httpSecret"], "c0ffee");
  });

  it("keeps httpSecret a secret on its way", async () => {
    const { patch } = await patched();
    const spec = patch.wire["spec"] as Inputs;
    assert.ok(isSecret(spec) || isSecret(spec["httpSecret"]));
  });

  it("applies as a field manager whose name never changes, over other managers", async () => {
    const { annotations } = await patched();
    assert.equal(annotations["pulumi.com/patchFieldManager"], "image-registry-operator-patch");
    assert.equal(annotations["pulumi.com/patchForce"], "true");
  });

  it("goes to the cluster it is given", async () => {
    assert.match((await patched()).patch.provider, /::cluster::cluster-id$/);
  });

  it("outlives its stack, one that is Removed too: to let go would take replicas, which is required, out of the Config", async () => {
    for (const managementState of ["Managed", "Unmanaged", "Removed"] as const) {
      assert.equal((await patched({ asked: { managementState } })).patch.retainOnDelete, true);
    }
  });
});

describe("an eviction by the patch", function () {
  this.timeout(patience);

  const storage = onClaim("images");
  const both = registryConfig({ storage: { ...storage, emptyDir: {} } });
  const annotation = "image-registry/evicted";

  it("is a change of the patch, named after what goes and when: an unchanged stack gets its step too", async () => {
    const { annotations } = await patched({ found: { config: both }, asked: { storage } });
    assert.equal(annotations[annotation], "spec.storage.emptyDir@7");
  });

  it("leaves the live value in place afterwards, so that the next up is unchanged", async () => {
    const config = registryConfig({ storage });
    config.metadata = { ...config.metadata, annotations: { [annotation]: "emptyDir@5" } };
    assert.equal(
      (await patched({ found: { config }, asked: { storage } })).annotations[annotation],
      "emptyDir@5",
    );
  });

  it("is not mentioned where there never was one", async () => {
    assert.ok(!(annotation in (await patched()).annotations));
  });

  it("is announced in a preview, which changes nothing", async () => {
    const cluster = await new FakeCluster(live({ config: both })).start();
    const { warnings } = await patched({
      found: { config: both },
      asked: { storage },
      connection: cluster.connection,
    });
    await cluster.stop();
    assert.match(warnings.join(), /will evict emptyDir from spec\.storage/);
    assert.deepEqual(cluster.writes, []);
  });

  it("comes before creates and updates alike", async () => {
    const { patch } = await patched();
    assert.equal(patch.beforeCreate.length, 1);
    assert.deepEqual(patch.beforeUpdate, patch.beforeCreate);
  });
});

describe("an up of the patch", function () {
  this.timeout(patience);

  const storage = onClaim("images");
  const converged = registryConfig({ storage });
  let cluster: FakeCluster;

  beforeEach(async () => {
    cluster = await new FakeCluster(live({ config: converged, deployment: followed(converged) })).start();
  });
  afterEach(() => cluster.stop());

  const up = (found: Partial<LiveOperator>, args: Partial<RegistryOperatorPatchArgs> = {}) =>
    patched({ found, asked: { storage }, args, preview: false, connection: cluster.connection });

  it("evicts in one merge patch that brings our backend along, as a manager of its own", async () => {
    const config = registryConfig({ storage: { emptyDir: {}, gcs: {} } });
    const { live: afterwards } = cluster;
    cluster.live = { ...afterwards, config };
    cluster.afterWrite = () => (cluster.live = afterwards);
    const { warnings } = await up({ config });
    assert.match(warnings.join(), /evicted emptyDir, gcs from the live registry's spec/);
    assert.equal(cluster.writes.length, 1);
    const [write] = cluster.writes;
    assert.match(write?.path ?? "", /\/configs\/cluster$/);
    assert.match(write?.contentType ?? "", /^application\/merge-patch\+json/);
    assert.equal(write?.fieldManager, "image-registry-eviction");
    assert.deepEqual((write?.body as { spec: unknown }).spec, {
      storage: { emptyDir: null, gcs: null, managementState: "Unmanaged", pvc: { claim: "images" } },
    });
  });

  it("evicts what is foreign at that moment, not what was when the program looked", async () => {
    await up({ config: registryConfig({ storage: { ...storage, emptyDir: {} } }) });
    assert.deepEqual(cluster.writes, []);
  });

  it("writes nothing of the Config where the images that were to go along could not be copied", async () => {
    const config = registryConfig({ storage: { emptyDir: {} } });
    const found = live({ config, deployment: followed(config), pods: [] });
    cluster.live = found;
    const asked = plan({ storage, copyImages: true });
    const checked = {
      live: found,
      drift: configDrift(config, asked),
      findings: operator.preflight(found, asked),
      move: operator.move(found, asked),
    };
    await assert.rejects(
      up({ config }, { checked, images: { hold: undefined, warnings: [] } }),
      /no pod of the registry runs/,
    );
    assert.deepEqual(cluster.writes, []);
  });

  it("ends with the conditions of the registry as it serves", async () => {
    const { result } = await up({ config: registryConfig({}, { conditions: { Available: "False" } }) });
    assert.deepEqual(result[0], {
      type: "Available",
      status: "True",
      reason: "",
      message: "",
    });
  });
});

describe("a preview of the patch", function () {
  this.timeout(patience);

  it("shows the conditions as they are, and asks nothing of a cluster", async () => {
    const config = registryConfig({}, { conditions: { Available: "False" } });
    const { result } = await patched({ found: { config } });
    assert.equal(result[0]?.status, "False");
  });

  it("warns of what is wrong now", async () => {
    const { warnings } = await patched({
      found: { config: registryConfig({}, { conditions: { Degraded: "True" } }) },
    });
    assert.match(warnings.join(), /has not converged/);
  });
});
