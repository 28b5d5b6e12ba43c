import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer, connect, type AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { KubernetesObject } from "@kubernetes/client-node";
import { ClusterClient } from "../kubernetes/client";
import { credentialsOf } from "../kubernetes/credentials";
import { Connections } from "../kubernetes/http";
import { type KubeContext, loadKubeconfig } from "../kubernetes/kubeconfig";
import { infraLabel } from "../kubernetes/nodes";
import { pathOf } from "../kubernetes/paths";
import { readRegistry, readRollout } from "../platforms/operator/live";
import { planFor } from "../platforms/plan";
import { registryNamespace } from "../platforms/operator/registry";
import type { BenchRow } from "./table";

const counts = { nodes: 2_000, pods: 20_000, images: 50_000 };
const megabyte = 1_000_000;

/**
 * What crosses the wire from the API server of a large cluster: for the reads of one preview, and for one look of the
 * loop that waits for a rollout. None of the images was pushed to the registry: nothing ends the search for one early.
 */
export async function largeClusterRows(kubeconfig: string): Promise<BenchRow[]> {
  await fill(kubeconfig);
  const wire = await countingProxy(kubeconfig);
  const connection = { kubeconfig: wire.kubeconfig, context: "sandbox" };
  const anywhere = planFor(registryNamespace, { storage: { emptyDir: {} } });
  const infra = { ...anywhere, placement: { nodeSelector: { [infraLabel]: "" }, tolerations: [] } };
  try {
    const row = async (what: string, limit: number, read: () => Promise<unknown>): Promise<BenchRow> => ({
      what: `large cluster, ${what}`,
      unit: "kB",
      ours: (await wire.received(read)) / 1000,
      against: "limit",
      theirs: limit / 1000,
    });
    const client = new ClusterClient(connection);
    return [
      await row("a preview's reads, on any node", 5 * megabyte, () => readRegistry(client, anywhere)),
      await row("a preview's reads, on infra nodes", 5 * megabyte, () => readRegistry(client, infra)),
      await row("one look while waiting", 0.1 * megabyte, () => readRollout(client)),
    ];
  } finally {
    wire.stop();
  }
}

/** A way to the API server that counts what comes back on it, and a kubeconfig that leads there. */
async function countingProxy(kubeconfig: string) {
  const text = readFileSync(kubeconfig, "utf8");
  const [, port = ""] = /https:\/\/127\.0\.0\.1:(\d+)/.exec(text) ?? [];
  let bytes = 0;
  const server = createServer((client) => {
    const api = connect(Number(port), "127.0.0.1");
    api.on("data", (data) => (bytes += data.length));
    api.on("error", () => client.destroy());
    client.on("error", () => api.destroy());
    client.pipe(api).pipe(client);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    kubeconfig: text.replaceAll(`127.0.0.1:${port}`, `127.0.0.1:${(server.address() as AddressInfo).port}`),
    received: async (read: () => Promise<unknown>) => {
      bytes = 0;
      await read();
      return bytes;
    },
    stop: () => server.close(),
  };
}

async function fill(kubeconfig: string): Promise<void> {
  const context = loadKubeconfig({ kubeconfig, context: "sandbox" });
  const api = { connections: new Connections(context.cluster, 60_000), context };
  await create(api, [imageKind]);
  await untilServed(kubeconfig);
  console.error(`making ${counts.nodes} nodes, ${counts.pods} pods and ${counts.images} images`);
  await create(api, many(counts.nodes, node));
  await create(api, many(counts.pods, pod));
  await create(api, many(counts.images, image));
}

function many(count: number, object: (index: number) => KubernetesObject): KubernetesObject[] {
  return Array.from({ length: count }, (_, index) => object(index));
}

interface Api {
  readonly connections: Connections;
  readonly context: KubeContext;
}

/** Makes what is not there yet, many at once. */
async function create({ connections, context }: Api, objects: KubernetesObject[]): Promise<void> {
  const left = objects.values();
  const credentials = await credentialsOf(context, 60_000);
  const worker = async () => {
    for (const object of left) {
      const { namespace } = object.metadata ?? {};
      const request = {
        method: "POST",
        path: pathOf({ ...object, metadata: { namespace } }),
        accept: "application/json",
        contentType: "application/json",
        body: object,
      } as const;
      for (let code = 0; code !== 201 && code !== 409;) {
        // An API server on a busy machine may well take too long for one of so many.
        ({ code } = await connections.send(request, credentials, AbortSignal.timeout(60_000)));
        if (code >= 400 && code < 500 && code !== 409 && code !== 429)
          throw new Error(`${request.path} refuses ${object.metadata?.name}: ${code}`);
      }
    }
  };
  await Promise.all(Array.from({ length: 16 }, worker));
}

async function untilServed(kubeconfig: string): Promise<void> {
  const client = new ClusterClient({ kubeconfig, context: "sandbox" });
  while ((await client.anyObject("image.openshift.io/v1", "Image", () => true)) === undefined)
    await sleep(200);
}

/** A node as OpenShift's are at their worst: with fifty images that no other node has, and digests do not compress. */
const node = (index: number) => ({
  apiVersion: "v1",
  kind: "Node",
  metadata: {
    name: `large-${index}`,
    annotations: { "kwok.x-k8s.io/node": "fake" }, // kwok keeps it Ready, as a kubelet would
    labels: {
      "kubernetes.io/os": "linux",
      "kubernetes.io/hostname": `large-${index}`,
      "node-role.kubernetes.io/worker": "",
      ...(index < 3 && { [infraLabel]: "" }),
    },
  },
  status: {
    addresses: [{ type: "InternalIP", address: `10.64.${index >> 8}.${index & 255}` }],
    capacity: { cpu: "16", memory: "65802680Ki", pods: "250" },
    allocatable: { cpu: "15500m", memory: "64651704Ki", pods: "250" },
    conditions: ["MemoryPressure", "DiskPressure", "PIDPressure", "Ready"].map((type) => ({
      type,
      status: type === "Ready" ? "True" : "False",
      reason: `Kubelet${type}`,
      message: "the kubelet says so",
      lastTransitionTime: "2026-01-01T00:00:00Z",
    })),
    images: Array.from({ length: 50 }, (_, image) => ({
      names: [`quay.io/openshift-release-dev/ocp-v4.0-art-dev@sha256:${digest(index * 50 + image)}`],
      sizeBytes: 500_000_000 + image,
    })),
  },
});

/** Pods that no scheduler takes up: they are there to be listed. */
const pod = (index: number) => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: `large-${index}`, namespace: registryNamespace, labels: { app: "large" } },
  spec: { schedulerName: "nobody", containers: [{ name: "main", image: "example.com/large:1" }] },
});

const image = (index: number) => ({
  apiVersion: "image.openshift.io/v1",
  kind: "Image",
  metadata: {
    // OpenShift's own API has a colon there, which a CRD does not allow.
    name: `sha256-${digest(index)}`,
    annotations: { "image.openshift.io/dockerLayersOrder": "ascending" },
  },
  dockerImageReference: `quay.io/example/large@sha256:${digest(index)}`,
  dockerImageMetadata: {
    Config: { Env: Array.from({ length: 5 }, (_, line) => `VARIABLE_${line}=${digest(line)}`) },
  },
});

/** As hard to compress as a real one. */
function digest(index: number): string {
  return createHash("sha256").update(String(index)).digest("hex");
}

/** OpenShift's images, which its own API server has; here without a schema. */
const imageKind = {
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: {
    name: "images.image.openshift.io",
    annotations: { "api-approved.kubernetes.io": "unapproved, a bench" },
  },
  spec: {
    group: "image.openshift.io",
    scope: "Cluster",
    names: { kind: "Image", plural: "images" },
    versions: [
      {
        name: "v1",
        served: true,
        storage: true,
        schema: { openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true } },
      },
    ],
  },
};
