import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import {
  ApiException,
  KubeConfig,
  KubernetesObjectApi,
  type KubernetesObject,
  PatchStrategy,
  type V1Deployment,
  type V1Node,
  type V1PersistentVolume,
  type V1PersistentVolumeClaim,
  type V1Pod,
  Watch,
} from "@kubernetes/client-node";
import type { RegistryConfig } from "../../../cluster/registry-types";
import type { ControlPlane } from "../../../sandbox/control-plane";
import type { StackRun } from "../../../sandbox/engine";
import { stackRun } from "../../../sandbox/stack-run";
import { startSandbox } from "../../../sandbox/start";

const namespace = "openshift-image-registry";
const operator = "imageregistry.operator.openshift.io/v1";

interface Kinds {
  Config: RegistryConfig;
  ImagePruner: KubernetesObject;
  Deployment: V1Deployment;
  Node: V1Node;
  PersistentVolume: V1PersistentVolume;
  PersistentVolumeClaim: V1PersistentVolumeClaim;
  Pod: V1Pod;
}
type Kind = keyof Kinds;
/** An object as the API server returns it. */
export type Live<K extends Kind> = Kinds[K] & { metadata: { name: string; uid: string } };

const places: Record<Kind, { apiVersion: string; namespace?: string }> = {
  Config: { apiVersion: operator },
  ImagePruner: { apiVersion: operator },
  Deployment: { apiVersion: "apps/v1", namespace },
  Node: { apiVersion: "v1" },
  PersistentVolume: { apiVersion: "v1" },
  PersistentVolumeClaim: { apiVersion: "v1", namespace },
  Pod: { apiVersion: "v1", namespace },
};

/** A sandbox for the tests of one file, and the hands of everybody but the program on its cluster. */
export class TestCluster {
  controlPlane!: ControlPlane;
  private readonly directory = mkdtempSync(path.join(tmpdir(), "image-registry-test-"));
  private readonly kubeconfig = new KubeConfig();
  private api!: KubernetesObjectApi;

  async start(
    start: (options: { directory: string }) => Promise<ControlPlane> = startSandbox,
  ): Promise<void> {
    this.controlPlane = await start({ directory: this.directory });
    this.kubeconfig.loadFromFile(this.controlPlane.kubeconfig);
    this.api = KubernetesObjectApi.makeApiClient(this.kubeconfig);
  }

  async stop(): Promise<void> {
    await this.controlPlane?.stop();
    rmSync(this.directory, { recursive: true, force: true });
  }

  /** One of the project's stacks on this cluster, its configuration changed as told. */
  stack(name: "dev" | "prod", overlay: Record<string, unknown> = {}): StackRun {
    return stackRun(name, this.controlPlane, { timeoutSeconds: 60, ...overlay });
  }

  /** Loses what the stacks remember, as a new checkout with a new state would. */
  forgetStacks(): void {
    const folder = path.join(this.directory, "cluster");
    const states = readdirSync(folder).filter((file) => file.includes(".state.json"));
    for (const file of states) rmSync(path.join(folder, file));
  }

  /** Brings the cluster back to the moment its installation ended. */
  async fresh(): Promise<void> {
    this.forgetStacks();
    const former = (await this.get("Config", "cluster"))?.metadata.uid;
    await this.patch("Config", "cluster", { spec: { managementState: "Removed", storage: null } });
    for (const kind of ["Config", "ImagePruner"] as const) await this.delete(kind, "cluster");
    await until("the registry is gone", async () => {
      return !(await this.get("Deployment", "image-registry")) && (await this.pods()).length === 0;
    });
    for (const kind of ["PersistentVolumeClaim", "PersistentVolume"] as const) {
      for (const { metadata } of await this.list(kind)) await this.delete(kind, metadata.name);
    }
    for (const { metadata } of await this.list("Node")) await this.cordon(metadata.name, null);
    await until("the operator has made the registry's Config anew", async () => {
      const config = await this.get("Config", "cluster");
      const volumes = [
        ...(await this.list("PersistentVolumeClaim")),
        ...(await this.list("PersistentVolume")),
      ];
      const made = config !== undefined && config.metadata.uid !== former;
      return made && config.status?.observedGeneration !== undefined && volumes.length === 0;
    });
  }

  async get<K extends Kind>(kind: K, name: string): Promise<Live<K> | undefined> {
    try {
      return (await this.api.read(header(kind, name))) as unknown as Live<K>;
    } catch (error) {
      if (error instanceof ApiException && error.code === 404) return undefined;
      throw error;
    }
  }

  async list<K extends Kind>(kind: K): Promise<Live<K>[]> {
    const { apiVersion, namespace } = places[kind];
    return (await this.api.list(apiVersion, kind, namespace)).items as unknown as Live<K>[];
  }

  async create<K extends Kind>(kind: K, name: string, rest: Partial<Kinds[K]>): Promise<void> {
    await this.api.create({ ...header(kind, name), ...rest });
  }

  /** What `oc patch --type merge` does. */
  async patch<K extends Kind>(kind: K, name: string, change: object): Promise<void> {
    const object = { ...header(kind, name), ...change };
    await this.api.patch(object, undefined, undefined, "kubectl-patch", undefined, PatchStrategy.MergePatch);
  }

  async delete(kind: Kind, name: string): Promise<void> {
    await this.api.delete(header(kind, name));
  }

  async cordon(node: string, unschedulable: true | null = true): Promise<void> {
    await this.patch("Node", node, { spec: { unschedulable } });
  }

  async config(): Promise<Live<"Config">> {
    return (await this.get("Config", "cluster"))!;
  }

  /** The registry's pods that are not on their way out. */
  async pods(): Promise<Live<"Pod">[]> {
    const pods = await this.list("Pod");
    return pods.filter(({ metadata }) => metadata.labels?.["docker-registry"] && !metadata.deletionTimestamp);
  }

  /** The resourceVersion of all that the program may touch: any write changes it. */
  async versions(): Promise<Record<string, string>> {
    const versions: Record<string, string> = {};
    for (const kind of Object.keys(places) as Kind[]) {
      // Nodes are written to by the node controller as it likes.
      for (const object of kind === "Node" ? [] : await this.list(kind)) {
        versions[`${kind} ${object.metadata.name}`] = object.metadata.resourceVersion!;
      }
    }
    return versions;
  }

  /** The versions once the controllers have written all they had to write. */
  async settledVersions(): Promise<Record<string, string>> {
    let last = "";
    let since = Date.now();
    await until("nobody writes to the registry's objects", async () => {
      const now = JSON.stringify(await this.versions());
      if (now !== last) since = Date.now();
      last = now;
      return Date.now() - since > 1500;
    });
    return JSON.parse(last) as Record<string, string>;
  }

  /** Records every version that the Config goes through from now on; `seen` ends the recording with the live one. */
  async watchConfig(): Promise<{ seen: () => Promise<RegistryConfig[]> }> {
    const first = await this.config();
    const seen: RegistryConfig[] = [first];
    const watching = await new Watch(this.kubeconfig).watch(
      `/apis/${operator}/configs`,
      { resourceVersion: first.metadata.resourceVersion },
      (_phase, object: RegistryConfig) => seen.push(object),
      () => undefined,
    );
    return {
      seen: async () => {
        const { resourceVersion } = (await this.config()).metadata;
        await until("the watch has told the last version", () =>
          seen.some(({ metadata }) => metadata?.resourceVersion === resourceVersion),
        );
        watching.abort();
        return seen;
      },
    };
  }
}

function header(kind: Kind, name: string) {
  const { apiVersion, namespace } = places[kind];
  return { apiVersion, kind, metadata: { name, ...(namespace && { namespace }) } };
}

/** Asks again and again; what never comes true fails the test. */
export async function until(what: string, test: () => Promise<boolean> | boolean): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (!(await test())) {
    if (Date.now() > deadline) throw new Error(`waited 60 s in vain until ${what}`);
    await sleep(100);
  }
}
