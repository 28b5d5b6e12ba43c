import {
  ApiException,
  KubeConfig,
  KubernetesObjectApi,
  type KubernetesObject,
  PatchStrategy,
  type V1ConfigMap,
  type V1Deployment,
  type V1Node,
  type V1PersistentVolume,
  type V1PersistentVolumeClaim,
  type V1Pod,
} from "@kubernetes/client-node";
import type { RegistryConfig } from "../../../cluster/registry-types";
import type { ImagePrunerStatus } from "../../../crds/types";

const namespace = "openshift-image-registry";
export const operatorApi = "imageregistry.operator.openshift.io/v1";

interface Kinds {
  Config: RegistryConfig;
  ConfigMap: V1ConfigMap;
  ImagePruner: KubernetesObject & { status?: ImagePrunerStatus };
  Deployment: V1Deployment;
  Node: V1Node;
  PersistentVolume: V1PersistentVolume;
  PersistentVolumeClaim: V1PersistentVolumeClaim;
  Pod: V1Pod;
}
export type Kind = keyof Kinds;
/** An object as the API server returns it. */
export type Live<K extends Kind> = Kinds[K] & { metadata: { name: string; uid: string } };

export const places: Record<Kind, { apiVersion: string; namespace?: string }> = {
  Config: { apiVersion: operatorApi },
  ConfigMap: { apiVersion: "v1", namespace },
  ImagePruner: { apiVersion: operatorApi },
  Deployment: { apiVersion: "apps/v1", namespace },
  Node: { apiVersion: "v1" },
  PersistentVolume: { apiVersion: "v1" },
  PersistentVolumeClaim: { apiVersion: "v1", namespace },
  Pod: { apiVersion: "v1", namespace },
};

/** The cluster's objects in the hands of somebody who is not the program. */
export class Objects {
  protected readonly kubeconfig = new KubeConfig();
  private api!: KubernetesObjectApi;

  protected connect(kubeconfigFile: string): void {
    this.kubeconfig.loadFromFile(kubeconfigFile);
    this.api = KubernetesObjectApi.makeApiClient(this.kubeconfig);
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
    const { metadata, ...rest } = change as KubernetesObject;
    const { metadata: names, ...type } = header(kind, name);
    const object = { ...type, metadata: { ...names, ...metadata }, ...rest };
    await this.api.patch(object, undefined, undefined, "kubectl-patch", undefined, PatchStrategy.MergePatch);
  }

  /** One that is gone already is as good as deleted. */
  async delete(kind: Kind, name: string): Promise<void> {
    try {
      await this.api.delete(header(kind, name));
    } catch (error) {
      if (!(error instanceof ApiException && error.code === 404)) throw error;
    }
  }
}

function header(kind: Kind, name: string) {
  const { apiVersion, namespace } = places[kind];
  return { apiVersion, kind, metadata: { name, ...(namespace && { namespace }) } };
}
