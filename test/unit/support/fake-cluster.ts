import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { KubernetesObject } from "@kubernetes/client-node";
import { registryNamespace } from "../../../platforms/operator/registry";
import type { LiveOperator } from "../../../platforms/operator/live";

export interface Write {
  readonly path: string;
  readonly contentType: string;
  readonly fieldManager: string | null;
  readonly body: unknown;
}

const kinds: Record<string, [kind: string, plural: string, namespaced: boolean][]> = {
  "/api/v1": [
    ["ConfigMap", "configmaps", true],
    ["Node", "nodes", false],
    ["Pod", "pods", true],
    ["Event", "events", true],
    ["PersistentVolume", "persistentvolumes", false],
    ["PersistentVolumeClaim", "persistentvolumeclaims", true],
  ],
  "/apis/apps/v1": [["Deployment", "deployments", true]],
  "/apis/imageregistry.operator.openshift.io/v1": [
    ["Config", "configs", false],
    ["ImagePruner", "imagepruners", false],
  ],
};

/** Answers over loopback HTTP what the program asks of an API server: discovery, reads of `live`, and patches, which it notes. */
export class FakeCluster {
  readonly writes: Write[] = [];
  /** What a write sets off: the operator's part. */
  afterWrite: () => void = () => {};
  private readonly server: Server;

  constructor(public live: LiveOperator) {
    this.server = createServer((request, response) => {
      void this.answer(request).then((body) => {
        response.writeHead(body === undefined ? 404 : 200, { "content-type": "application/json" });
        response.end(JSON.stringify(body ?? { kind: "Status", code: 404, message: "not found" }));
      });
    });
  }

  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.server.listen(0, "127.0.0.1", resolve));
    return this;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  get connection() {
    const { port } = this.server.address() as AddressInfo;
    const named = {
      // The client speaks plain HTTP only where nothing is to be verified.
      cluster: { server: `http://127.0.0.1:${port}`, "insecure-skip-tls-verify": true },
      user: {},
      context: { cluster: "dev", user: "dev" },
    };
    const list = (key: keyof typeof named) => [{ name: "dev", [key]: named[key] }];
    const kubeconfig = {
      apiVersion: "v1",
      kind: "Config",
      clusters: list("cluster"),
      users: list("user"),
      contexts: list("context"),
    };
    return { kubeconfig: JSON.stringify(kubeconfig), context: "dev" };
  }

  private async answer(request: IncomingMessage): Promise<unknown> {
    const url = new URL(request.url ?? "", "http://cluster");
    const resources = kinds[url.pathname];
    if (resources)
      return { resources: resources.map(([kind, name, namespaced]) => ({ kind, name, namespaced })) };
    const found = this.objects()[url.pathname];
    if (request.method !== "PATCH") {
      const selector = url.searchParams.get("labelSelector");
      return Array.isArray(found) ? { items: found.filter((one) => isSelected(one, selector)) } : found;
    }
    this.writes.push({
      path: url.pathname,
      contentType: request.headers["content-type"] ?? "",
      fieldManager: url.searchParams.get("fieldManager"),
      body: JSON.parse(await textOf(request)),
    });
    this.afterWrite();
    return found;
  }

  private objects(): Record<string, KubernetesObject | KubernetesObject[] | undefined> {
    const { config, deployment, pods, nodes, claims, volume, pruner, owningStack } = this.live;
    const labelled = pods.map((pod) => ({
      ...pod,
      metadata: { ...pod.metadata, labels: { "docker-registry": "default" } },
    }));
    const registry = "/apis/imageregistry.operator.openshift.io/v1";
    return {
      [`${registry}/configs/cluster`]: config,
      [`${registry}/imagepruners/cluster`]: pruner,
      [`/apis/apps/v1/namespaces/${registryNamespace}/deployments/image-registry`]: deployment,
      [`/api/v1/namespaces/${registryNamespace}/pods`]: labelled,
      [`/api/v1/namespaces/${registryNamespace}/events`]: [],
      [`/api/v1/namespaces/${registryNamespace}/persistentvolumeclaims`]: [...claims],
      [`/api/v1/namespaces/${registryNamespace}/configmaps/image-registry-stack`]: owningStack,
      "/api/v1/nodes": [...nodes],
      ...Object.fromEntries(nodes.map((node) => [`/api/v1/nodes/${node.metadata?.name}`, node])),
      [`/api/v1/persistentvolumes/${volume?.metadata?.name}`]: volume,
    };
  }
}

/** By `key`, `key=value` and `key!=value`, with commas between them. */
function isSelected({ metadata }: KubernetesObject, selector: string | null): boolean {
  const terms = selector ? selector.split(",") : [];
  return terms.every((term) => {
    const [, key = "", operator, value] = /^([^!=]+)(!?=)?(.*)$/.exec(term) ?? [];
    const is = metadata?.labels?.[key];
    if (operator === undefined) return is !== undefined;
    return (is === value) === (operator === "=");
  });
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}
