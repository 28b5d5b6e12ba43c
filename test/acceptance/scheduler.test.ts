import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import type { KubeConfig } from "@kubernetes/client-node";
import {
  CoreV1Api,
  KubernetesObjectApi,
  type KubernetesObject,
  type V1Node,
  type V1PersistentVolume,
  type V1Pod,
} from "@kubernetes/client-node";
import * as fc from "fast-check";
import pLimit from "p-limit";
import { connect } from "../../sandbox/connect";
import { placed } from "../../kubernetes/scheduling/place";
import { nameOf, type PlacedPod } from "../../kubernetes/scheduling/pod";
import { requestsOf } from "../../kubernetes/scheduling/resources";
import { type ControlPlane, startControlPlane } from "../../sandbox/control-plane";
import { cases, priorities } from "./scheduler-cases";
import { eventually } from "./support";

/** The same cases in every run: which of two nodes a scheduler likes better decides some of them. */
const seed = 20261128;
const count = 120;

describe("why a pod cannot go to a node", function () {
  this.timeout("5m");
  const given = fc.sample(cases, { numRuns: count, seed });
  let config: KubeConfig;
  let controlPlane: ControlPlane;
  let core: CoreV1Api;
  let pods: Map<string, V1Pod[]>;
  let nodes: V1Node[];
  let volumes: V1PersistentVolume[];

  before("starts a control plane, and has its scheduler place all pods", async function () {
    this.timeout("30m"); // the first one builds
    const directory = mkdtempSync(path.join(tmpdir(), "image-registry-test-"));
    controlPlane = await startControlPlane({ directory, infraNodes: 0 });
    config = connect(controlPlane.kubeconfig);
    core = config.makeApiClient(CoreV1Api);
    await create(priorities);
    await create(
      given.flatMap(({ nodes, volume = [] }, index) => [
        ...nodes(`case-${index}`),
        ...volume.flatMap((one) => one(`case-${index}`)),
      ]),
    );
    await eventually(
      async () =>
        [(await core.listNode()).items, (await claims()).map(({ status }) => status?.phase)] as const,
      ([all, phases]) => all.every(isReady) && phases.every((phase) => phase === "Bound"),
    );
    nodes = (await core.listNode()).items;
    volumes = (await core.listPersistentVolume()).items;
    await create(given.flatMap(({ running }, index) => running(`case-${index}`)));
    await create(given.flatMap(({ replicas }, index) => replicas(`case-${index}`)));
    pods = byCase(await settled());
  });

  after("stops it", async () => {
    const started = controlPlane as ControlPlane | undefined;
    await started?.stop();
    if (started) rmSync(started.directory, { recursive: true });
  });

  given.forEach((one, index) => {
    it(`is what the scheduler says: ${one.title}`, () => {
      const name = `case-${index}`;
      const template = one.replicas(name)[0]!;
      const { spec, metadata } = template;
      const scheduled = pods.get(name)!.filter(({ spec }) => spec?.nodeName);
      const volume = volumes.find(({ metadata }) => metadata?.name === name);
      const result = placed(
        {
          nodeSelector: spec!.nodeSelector!,
          tolerations: spec!.tolerations ?? [],
          affinity: spec!.affinity,
          topologySpreadConstraints: spec!.topologySpreadConstraints,
          labels: metadata!.labels!,
          namespace: "default",
          requests: requestsOf(spec!),
          priority: 1000,
          volume,
        },
        one.replicas(name).length,
        { nodes, running: runningOn(one.running(name)), peers: peersOn(nodes, one.running(name)) },
      );
      const own = nodes.filter((node) => node.metadata?.labels?.["case"] === name);
      const why = own.map((node) => `${nameOf(node)}: ${JSON.stringify(result.whyNot(node))}`).join("\n");
      const said = pods
        .get(name)!
        .flatMap(
          ({ status }) => status?.conditions?.find(({ type }) => type === "PodScheduled")?.message ?? [],
        );
      assert.equal(
        result.nodes.length,
        scheduled.length,
        `the scheduler placed ${scheduled.length}, here ${result.nodes.length}\n${why}\n${said.join("\n")}`,
      );
    });
  });

  it("is said of some cases, and not of others", () => {
    const pending = [...pods.values()].map((all) => all.some(({ spec }) => !spec?.nodeName));
    assert.deepEqual([...new Set(pending)].sort(), [false, true]);
  });

  it("is asked with all that a pod can say, many times each", () => {
    for (const part of ["tolerations", "affinity", "apart", "together", "spread", "volume", "cpu"])
      assert.ok(given.filter(({ has }) => has.includes(part)).length >= 10, part);
  });

  async function create(objects: readonly KubernetesObject[]): Promise<void> {
    const api = KubernetesObjectApi.makeApiClient(config);
    const atOnce = pLimit(16);
    await Promise.all(objects.map((object) => atOnce(() => api.create(object))));
  }

  async function claims() {
    return (await core.listNamespacedPersistentVolumeClaim({ namespace: "default" })).items;
  }

  async function replicas(): Promise<V1Pod[]> {
    return (await core.listNamespacedPod({ namespace: "default", labelSelector: "replica=yes" })).items;
  }

  /** Once the scheduler has seen each pod, and none still waits for others to make way. */
  async function settled(): Promise<V1Pod[]> {
    let last = "";
    let since = Date.now();
    return eventually(replicas, (all) => {
      const now = JSON.stringify(
        all.map(({ spec, status }) => [
          spec?.nodeName,
          status?.nominatedNodeName,
          status?.conditions?.length,
        ]),
      );
      if (now !== last) since = Date.now();
      last = now;
      const isDone = all.every(
        ({ spec, status }) =>
          spec?.nodeName ??
          (!status?.nominatedNodeName && status?.conditions?.some(({ type }) => type === "PodScheduled")),
      );
      return isDone && Date.now() - since > 3000;
    });
  }
});

function runningOn(all: readonly V1Pod[]): Map<string, V1Pod[]> {
  const running = new Map<string, V1Pod[]>();
  for (const pod of all) {
    const node = pod.spec!.nodeName!;
    running.set(node, [
      ...(running.get(node) ?? []),
      { ...pod, spec: { ...pod.spec!, priority: pod.spec!.priorityClassName === "high" ? 2000 : 0 } },
    ]);
  }
  return running;
}

/** As readPeers finds them. */
function peersOn(all: readonly V1Node[], running: readonly V1Pod[]): PlacedPod[] {
  return running.flatMap(({ metadata, spec }) => {
    const node = all.find((one) => nameOf(one) === spec?.nodeName);
    const makesWay = spec?.priorityClassName !== "high";
    return node && metadata?.labels?.["peer"]
      ? [{ node, labels: metadata.labels, namespace: "default", makesWay }]
      : [];
  });
}

function byCase(all: readonly V1Pod[]): Map<string, V1Pod[]> {
  const sorted = new Map<string, V1Pod[]>();
  for (const pod of all) {
    const name = pod.metadata!.labels!["case"]!;
    sorted.set(name, [...(sorted.get(name) ?? []), pod]);
  }
  return sorted;
}

function isReady({ spec, status }: V1Node): boolean {
  const taints = spec?.taints?.map(({ key }) => key) ?? [];
  const isCordoned = taints.includes("node.kubernetes.io/unschedulable");
  return (
    status?.conditions?.some(({ type, status: is }) => type === "Ready" && is === "True") === true &&
    !taints.includes("node.kubernetes.io/not-ready") &&
    isCordoned === (spec?.unschedulable ?? false)
  );
}
