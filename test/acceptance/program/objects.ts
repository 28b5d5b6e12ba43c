import {
  ApiException,
  type KubeConfig,
  CustomObjectsApi,
  KubernetesObjectApi,
  type KubernetesObject,
  PatchStrategy,
  setHeaderOptions,
  type V1ConfigMap,
  type V1Deployment,
  type V1Namespace,
  type V1NetworkPolicy,
  type V1Node,
  type V1PersistentVolume,
  type V1PersistentVolumeClaim,
  type V1Pod,
  type V1PodDisruptionBudget,
  type V1ResourceQuota,
  type V1Secret,
  type V1Service,
  type V1StorageClass,
} from "@kubernetes/client-node";
import { connect } from "../../../sandbox/connect";
import type { RegistryConfig } from "../../../platforms/operator/registry";
import type { ImagePrunerStatus } from "../../../crds/types";

export const operatorApi = "imageregistry.operator.openshift.io/v1";

interface Kinds {
  Config: RegistryConfig;
  ConfigMap: V1ConfigMap;
  ImagePruner: KubernetesObject & { status?: ImagePrunerStatus };
  Deployment: V1Deployment;
  Namespace: V1Namespace;
  NetworkPolicy: V1NetworkPolicy;
  Node: V1Node;
  PersistentVolume: V1PersistentVolume;
  PersistentVolumeClaim: V1PersistentVolumeClaim;
  Pod: V1Pod;
  PodDisruptionBudget: V1PodDisruptionBudget;
  ResourceQuota: V1ResourceQuota;
  Secret: V1Secret;
  Service: V1Service;
  StorageClass: V1StorageClass;
}
export type Kind = keyof Kinds;
/** An object as the API server returns it. */
export type Live<K extends Kind> = Kinds[K] & { metadata: { name: string; uid: string } };

const places: Record<Kind, { apiVersion: string; namespaced?: true }> = {
  Config: { apiVersion: operatorApi },
  ConfigMap: { apiVersion: "v1", namespaced: true },
  ImagePruner: { apiVersion: operatorApi },
  Deployment: { apiVersion: "apps/v1", namespaced: true },
  Namespace: { apiVersion: "v1" },
  NetworkPolicy: { apiVersion: "networking.k8s.io/v1", namespaced: true },
  Node: { apiVersion: "v1" },
  PersistentVolume: { apiVersion: "v1" },
  PersistentVolumeClaim: { apiVersion: "v1", namespaced: true },
  Pod: { apiVersion: "v1", namespaced: true },
  PodDisruptionBudget: { apiVersion: "policy/v1", namespaced: true },
  ResourceQuota: { apiVersion: "v1", namespaced: true },
  Secret: { apiVersion: "v1", namespaced: true },
  Service: { apiVersion: "v1", namespaced: true },
  StorageClass: { apiVersion: "storage.k8s.io/v1" },
};

/** The cluster's objects in the hands of somebody who is not the program. */
export class Objects {
  protected kubeconfig!: KubeConfig;
  private api!: KubernetesObjectApi;

  constructor(private readonly namespace: string) {}

  connect(kubeconfigFile: string): this {
    this.kubeconfig = connect(kubeconfigFile);
    this.api = KubernetesObjectApi.makeApiClient(this.kubeconfig);
    return this;
  }

  async get<K extends Kind>(kind: K, name: string): Promise<Live<K> | undefined> {
    try {
      return (await this.api.read(this.header(kind, name))) as unknown as Live<K>;
    } catch (error) {
      if (error instanceof ApiException && error.code === 404) return undefined;
      throw error;
    }
  }

  async list<K extends Kind>(kind: K): Promise<Live<K>[]> {
    const { apiVersion, namespaced } = places[kind];
    return (await this.api.list(apiVersion, kind, namespaced && this.namespace))
      .items as unknown as Live<K>[];
  }

  /** What Secrets of the namespace hold, by where it is. */
  async secrets(): Promise<Record<string, string>> {
    const secrets: Record<string, string> = {};
    for (const { metadata, data = {} } of await this.list("Secret")) {
      for (const [key, value] of Object.entries(data)) {
        const text = Buffer.from(value, "base64").toString();
        if (text.length >= 8) secrets[`Secret ${metadata.name}'s ${key}`] = text;
      }
    }
    return secrets;
  }

  async create<K extends Kind>(kind: K, name: string, rest: Partial<Kinds[K]>, by?: string): Promise<void> {
    await this.api.create({ ...this.header(kind, name), ...rest }, undefined, undefined, by);
  }

  /** What `oc patch --type merge` does, or another program under its own name. */
  async patch<K extends Kind>(kind: K, name: string, change: object, by = "kubectl-patch"): Promise<void> {
    const { metadata, ...rest } = change as KubernetesObject;
    const { metadata: names, ...type } = this.header(kind, name);
    const object = { ...type, metadata: { ...names, ...metadata }, ...rest };
    await this.api.patch(object, undefined, undefined, by, undefined, PatchStrategy.MergePatch);
  }

  /** What an operator does, which says in the status how it gets on. */
  async patchStatus(plural: "configs" | "imagepruners", name: string, status: object): Promise<void> {
    const [group = "", version = ""] = operatorApi.split("/");
    const api = this.kubeconfig.makeApiClient(CustomObjectsApi);
    await api.patchClusterCustomObjectStatus(
      { group, version, plural, name, body: { status } },
      setHeaderOptions("Content-Type", PatchStrategy.MergePatch),
    );
  }

  /** Server-side apply, which makes the object too, and is what Pulumi does. */
  async apply<K extends Kind>(kind: K, name: string, rest: Partial<Kinds[K]>): Promise<void> {
    const object = { ...this.header(kind, name), ...rest };
    await this.api.patch(object, undefined, undefined, "test", true, PatchStrategy.ServerSideApply);
  }

  async replace<K extends Kind>(object: Live<K>): Promise<void> {
    await this.api.replace(object);
  }

  /** One that is gone already is as good as deleted. */
  async delete(kind: Kind, name: string): Promise<void> {
    try {
      await this.api.delete(this.header(kind, name));
    } catch (error) {
      if (!(error instanceof ApiException && error.code === 404)) throw error;
    }
  }

  private header(kind: Kind, name: string) {
    const { apiVersion, namespaced } = places[kind];
    return { apiVersion, kind, metadata: { name, ...(namespaced && { namespace: this.namespace }) } };
  }
}
