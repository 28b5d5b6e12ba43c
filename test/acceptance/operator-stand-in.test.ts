import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

import type { KubeConfig } from "@kubernetes/client-node";
import {
  KubernetesObjectApi,
  type KubernetesObject,
  PatchStrategy,
  type V1CronJob,
  type V1Deployment,
  type V1PersistentVolumeClaim,
  Watch,
} from "@kubernetes/client-node";

import { connect } from "../../sandbox/connect";
import { type ControlPlane, startControlPlane } from "../../sandbox/control-plane";
import { installCrds } from "../../sandbox/crds";
import { startOperator } from "../../sandbox/operator";
import {
  apiVersion,
  type Config,
  fieldManager,
  type ImagePruner,
  namespace,
} from "../../sandbox/operator/model";
import { recordedProcesses } from "../../sandbox/process";
import { sleep } from "../../sandbox/wait";

describe("the registry operator's stand-in", function () {
  this.timeout("3m");
  let directory: string;
  let controlPlane: ControlPlane;
  let config: KubeConfig;
  let cluster: KubernetesObjectApi;

  before(async () => {
    directory = mkdtempSync(join(tmpdir(), "operator-"));
    controlPlane = await startControlPlane({ directory });
    await installCrds(controlPlane.kubeconfig, resolve(__dirname, "../../crds"));
    await startOperator({ kubeconfig: controlPlane.kubeconfig, directory });
    config = connect(controlPlane.kubeconfig);
    cluster = KubernetesObjectApi.makeApiClient(config);
  });
  after(async () => {
    await controlPlane.stop();
    rmSync(directory, { recursive: true });
  });

  const read = <T extends KubernetesObject = KubernetesObject>(
    apiVersion: string,
    kind: string,
    name: string,
  ) => cluster.read({ apiVersion, kind, metadata: { name, namespace } }) as unknown as Promise<T>;
  const registry = () => read<Config>(apiVersion, "Config", "cluster");
  const deployment = () => read<V1Deployment>("apps/v1", "Deployment", "image-registry");

  async function patch(kind: string, spec: object): Promise<void> {
    const object = { apiVersion, kind, metadata: { name: "cluster" }, spec };
    await cluster.patch(object, undefined, undefined, "test", undefined, PatchStrategy.MergePatch);
  }

  async function createClaim(name: string, accessMode: string): Promise<void> {
    const spec = { accessModes: [accessMode], resources: { requests: { storage: "1Gi" } } };
    const claim = { apiVersion: "v1", kind: "PersistentVolumeClaim", metadata: { name, namespace }, spec };
    const capacity = { storage: "1Gi" };
    const host = { hostPath: { path: "/x" }, claimRef: { namespace, name } };
    const volume = { apiVersion: "v1", kind: "PersistentVolume", metadata: { name } };
    const terms = { capacity, accessModes: [accessMode], persistentVolumeReclaimPolicy: "Retain", ...host };
    await cluster.create({ ...volume, spec: terms } as KubernetesObject);
    await cluster.create(claim);
  }

  /** Waits for what the deadline of the whole test bounds; says at its end what it saw last. */
  async function eventually<T>(look: () => Promise<T>, holds: (seen: T) => boolean): Promise<T> {
    for (let end = Date.now() + 120_000; ; await sleep(50)) {
      const seen = await look();
      if (holds(seen)) return seen;
      if (Date.now() > end) assert.fail(`not so after two minutes: ${JSON.stringify(seen, undefined, 2)}`);
    }
  }

  /** Collects what a watch tells of; `until` waits for one that fits and ends it. */
  async function watching<T>(
    path: string,
  ): Promise<{ seen: T[]; until(fits: (one: T) => boolean): Promise<void> }> {
    const seen: T[] = [];
    const ignore = () => undefined;
    const watch = await new Watch(config).watch(path, {}, (_, one) => seen.push(one as T), ignore);
    const until = async (fits: (one: T) => boolean) => {
      await eventually(
        () => Promise.resolve(seen),
        (all) => all.some(fits),
      );
      watch.abort();
    };
    return { seen, until };
  }

  function condition({ status }: Pick<Config, "status">, type: string): string {
    const found = status?.conditions?.find((candidate) => candidate.type === type);
    return [found?.status, found?.reason].join("/");
  }

  function isGreen(seen: Config): boolean {
    const words = ["Available", "Progressing", "Degraded", "Removed"].map((type) => condition(seen, type));
    return words.join(" ") === "True/Ready False/Ready False/ False/";
  }

  const isObserved = (seen: Config) => seen.status?.observedGeneration === seen.metadata?.generation;

  /** Green, and no more lying: the Deployment is complete and asks for what the Config asks for. */
  async function converged(): Promise<V1Deployment> {
    await eventually(deployment, ({ metadata, spec, status }) => {
      const done = [status?.updatedReplicas, status?.availableReplicas, status?.replicas];
      return status?.observedGeneration === metadata?.generation && done.every((n) => n === spec?.replicas);
    });
    await eventually(registry, (seen) => isObserved(seen) && isGreen(seen));
    return deployment();
  }

  const storageOf = ({ spec }: V1Deployment) =>
    spec?.template.spec?.volumes?.find(({ name }) => name === "registry-storage");

  it("starts as on a platform without storage: Removed, one replica, all conditions green", async () => {
    const { metadata, spec, status } = await registry();
    assert.deepEqual(metadata?.finalizers, ["imageregistry.operator.openshift.io/finalizer"]);
    assert.equal(spec.managementState, "Removed");
    assert.equal(spec.replicas, 1);
    assert.equal(spec.rolloutStrategy, "RollingUpdate");
    assert.ok(
      spec.observedConfig?.["servingInfo"],
      "the CRD keeps fields it does not know, where it says so",
    );
    const words = ["Available", "Progressing", "Degraded", "Removed"].map((type) =>
      condition({ status }, type),
    );
    assert.deepEqual(words, ["True/Removed", "False/Removed", "False/Removed", "True/Removed"]);
    assert.equal((await read<ImagePruner>(apiVersion, "ImagePruner", "cluster")).spec.keepTagRevisions, 3);
  });

  it("runs on emptyDir and writes what is missing into the spec, by Update under its own name", async () => {
    await patch("Config", { managementState: "Managed", storage: { emptyDir: {} } });
    await eventually(registry, ({ status }) => status.storage.emptyDir !== undefined);
    assert.ok(storageOf(await converged())?.emptyDir);
    const { metadata, spec } = await registry();
    assert.equal(spec.httpSecret?.length, 128);
    assert.equal(spec.storage.managementState, "Managed");
    const entry = metadata?.managedFields?.find(
      ({ manager, subresource }) => manager === fieldManager && !subresource,
    );
    assert.equal(entry?.operation, "Update");
    assert.ok(JSON.stringify(entry?.fieldsV1).includes("f:httpSecret"));
  });

  it("writes nothing when it looks again and nothing has changed", async () => {
    await converged();
    const versions = async () =>
      [await registry(), await deployment()].map(({ metadata }) => metadata?.resourceVersion);
    const before = await versions();
    const budget = () => read("policy/v1", "PodDisruptionBudget", "image-registry");
    const { metadata } = await budget();
    await cluster.delete(await budget()); // it is there again only after another look
    await eventually(
      () => budget().catch(() => undefined),
      (seen) => seen !== undefined && seen.metadata?.uid !== metadata?.uid,
    );
    await patch("Config", { storage: { emptyDir: {} } });
    assert.deepEqual(await versions(), before);
  });

  it("refuses two backends while the old pod serves on", async () => {
    const { metadata } = await deployment();
    await patch("Config", { storage: { pvc: { claim: "images" } } });
    const refused = await eventually(registry, (seen) => condition(seen, "Progressing") === "True/Error");
    assert.match(
      JSON.stringify(refused.status.conditions),
      /exactly one storage type should be configured at the same time, got 2: \[EmptyDir PVC\]/,
    );
    assert.equal(condition(refused, "Available"), "True/Ready");
    assert.equal(condition(refused, "Degraded"), "False/");
    assert.deepEqual(refused.status.storage, { emptyDir: {}, managementState: "Managed" });
    assert.equal((await deployment()).metadata?.generation, metadata?.generation);
  });

  it("refuses a claim that is not there, and sees late that it has come", async () => {
    await patch("Config", { storage: { emptyDir: null, managementState: "Unmanaged" } });
    const refused = await eventually(
      registry,
      (seen) => isObserved(seen) && condition(seen, "StorageExists") === "False/PVC Issues Found",
    );
    assert.equal(condition(refused, "Progressing"), "True/Error");
    assert.equal(condition(refused, "Available"), "True/Ready");
    await createClaim("images", "ReadWriteMany");
    await eventually(registry, ({ status }) => status.storage.pvc !== undefined);
    assert.equal(storageOf(await converged())?.persistentVolumeClaim?.claimName, "images");
  });

  it("says that all is green, with the new generation and storage, before the pods have followed", async () => {
    await createClaim("more-images", "ReadWriteMany");
    const told = await watching<Config>(`/apis/${apiVersion}/configs`);
    await patch("Config", { storage: { pvc: { claim: "more-images" } } });
    const asked = (seen: Config) => isObserved(seen) && seen.status.storage.pvc?.claim === "more-images";
    await told.until(
      (seen) => asked(seen) && condition(seen, "Progressing") === "True/DeploymentNotCompleted",
    );
    assert.ok(isGreen(told.seen.find(asked)!), "the first status with the new storage is not green");
    assert.equal(storageOf(await converged())?.persistentVolumeClaim?.claimName, "more-images");
  });

  it("moves pods to the nodes the spec selects, and only those it tolerates", async () => {
    const tolerations = [{ key: "node-role.kubernetes.io/infra", operator: "Exists", effect: "NoSchedule" }];
    await patch("Config", {
      replicas: 2,
      nodeSelector: { "node-role.kubernetes.io/infra": "" },
      tolerations,
    });
    await eventually(deployment, ({ spec }) => spec?.replicas === 2);
    await converged();
    const { items } = await cluster.list<KubernetesObject & { spec: { nodeName: string } }>(
      "v1",
      "Pod",
      namespace,
    );
    const nodes = items
      .filter(({ metadata }) => !metadata?.deletionTimestamp)
      .map(({ spec }) => spec.nodeName);
    assert.deepEqual(nodes.sort(), ["infra-0", "infra-1"]);
  });

  it("frees two replicas of their hosts before it runs three", async () => {
    const told = await watching<V1Deployment>(`/apis/apps/v1/namespaces/${namespace}/deployments`);
    const isBound = ({ spec }: V1Deployment) => spec?.template.spec?.affinity !== undefined;
    await patch("Config", { replicas: 3 });
    await told.until(({ spec }) => spec?.replicas === 3);
    const steps = told.seen.map((seen) => `${seen.spec?.replicas} ${isBound(seen) ? "bound" : "free"}`);
    assert.deepEqual([...new Set(steps)], ["2 bound", "2 free", "3 free"]);
    await converged();
    await patch("Config", { replicas: 2 });
    await eventually(deployment, ({ spec }) => spec?.replicas === 2);
    await converged();
  });

  it("refuses a ReadWriteOnce claim until there is one replica and Recreate", async () => {
    await createClaim("single", "ReadWriteOnce");
    const refusal = async (words: RegExp) =>
      eventually(registry, ({ status }) => words.test(JSON.stringify(status.conditions)));
    await patch("Config", { storage: { pvc: { claim: "single" } } });
    await refusal(/cannot use ReadWriteOnce access mode with more than one replica/);
    await patch("Config", { replicas: 1 });
    await refusal(/cannot use ReadWriteOnce access mode with RollingUpdate rollout strategy/);
    await patch("Config", { rolloutStrategy: "Recreate" });
    await eventually(deployment, ({ spec }) => spec?.strategy?.type === "Recreate");
    assert.equal(storageOf(await converged())?.persistentVolumeClaim?.claimName, "single");
  });

  it("takes a blank rolloutStrategy for RollingUpdate", async () => {
    await patch("Config", { rolloutStrategy: null });
    await eventually(deployment, ({ spec }) => spec?.strategy?.type === "RollingUpdate");
    await patch("Config", { rolloutStrategy: "Recreate" });
    await eventually(deployment, ({ spec }) => spec?.strategy?.type === "Recreate");
  });

  it("is Degraded, and serves on, when trying again cannot help", async () => {
    await patch("Config", { routes: [{ name: "a" }, { name: "a" }] });
    const { status } = await eventually(
      registry,
      (seen) => condition(seen, "Degraded") === "True/VerificationFailed",
    );
    assert.match(JSON.stringify(status.conditions), /duplication of names .* in the additional routes/);
    assert.equal(condition({ status }, "Progressing"), "False/Error");
    assert.equal(condition({ status }, "Available"), "True/Ready");
    await patch("Config", { routes: null });
    await converged();
  });

  it("goes on after a restart of the API server", async () => {
    await converged();
    await controlPlane.restartApiServer();
    await patch("Config", { readOnly: true });
    await eventually(deployment, ({ spec }) => JSON.stringify(spec).includes("MAINTENANCE_READONLY"));
    await converged();
  });

  it("leaves everything alone when Unmanaged", async () => {
    const { metadata } = await deployment();
    await patch("Config", { managementState: "Unmanaged", replicas: 2 });
    const { status } = await eventually(
      registry,
      (seen) => condition(seen, "Available") === "True/Unmanaged",
    );
    assert.equal(condition({ status }, "Progressing"), "False/Unmanaged");
    assert.equal((await deployment()).metadata?.generation, metadata?.generation);
    await patch("Config", { replicas: 1 });
  });

  const isRemoved = (seen: Config) => isObserved(seen) && condition(seen, "Progressing") === "False/Removed";
  const claim = () => read<V1PersistentVolumeClaim>("v1", "PersistentVolumeClaim", "single");

  it("removes the registry and keeps an Unmanaged claim", async () => {
    await patch("Config", { managementState: "Removed" });
    const { status } = await eventually(registry, isRemoved);
    assert.deepEqual(status.storage, {});
    assert.equal(condition({ status }, "Removed"), "True/Removed");
    await assert.rejects(deployment(), /404/);
    assert.equal((await claim()).status?.phase, "Bound");
  });

  it("comes back on the claim, and deletes it when it is called Managed", async () => {
    await patch("Config", { managementState: "Managed" });
    await eventually(registry, (seen) => seen.status.storage.pvc?.claim === "single");
    await converged();
    await patch("Config", { managementState: "Removed", storage: { managementState: "Managed" } });
    await eventually(registry, isRemoved);
    await eventually(
      () => claim().catch(() => undefined),
      (seen) => seen === undefined,
    );
  });

  it("places the image pruner as its own spec says", async () => {
    const nodeSelector = { "node-role.kubernetes.io/infra": "" };
    await patch("ImagePruner", { nodeSelector, suspend: true, schedule: "5 4 * * *" });
    const { spec } = await eventually(
      () => read<V1CronJob>("batch/v1", "CronJob", "image-pruner"),
      (job) => job.spec?.suspend === true,
    );
    assert.equal(spec?.schedule, "5 4 * * *");
    assert.deepEqual(spec?.jobTemplate.spec?.template.spec?.nodeSelector, nodeSelector);
    const pruner = () => read<ImagePruner>(apiVersion, "ImagePruner", "cluster");
    const { status } = await eventually(
      pruner,
      (seen) => condition(seen as Config, "Scheduled") === "False/Suspended",
    );
    assert.equal(condition({ status } as Config, "Available"), "True/AsExpected");
  });

  it("is not started twice, and ends when asked", async () => {
    const running = () => recordedProcesses(directory).filter(({ name }) => name === "registry-operator");
    const [before] = running();
    const again = await startOperator({ kubeconfig: controlPlane.kubeconfig, directory });
    assert.deepEqual(running(), [before]);
    await again.stop();
    assert.deepEqual(running(), []);
  });
});
