import type {
  KubernetesObject,
  V1Node,
  V1PersistentVolume,
  V1PersistentVolumeClaim,
  V1StorageClass,
} from "@kubernetes/client-node";

import { standaloneDefaults } from "../config/schema";
import { ClusterClient, ClusterError, type ClusterConnection } from "../kubernetes/client";
import {
  type RegistryConfig,
  registryApi,
  registryName,
  registryNamespace,
} from "../platforms/operator/registry";
import { readOwningStack } from "../platforms/owning-stack";

/** What a cluster shows before any stack has it. */
export interface NewCluster {
  /** The registry as its operator has it; undefined where there is no operator. */
  readonly registry: RegistryConfig | undefined;
  readonly nodes: readonly V1Node[];
  /** The claims in the registry's namespace. */
  readonly claims: readonly V1PersistentVolumeClaim[];
  readonly volumes: readonly V1PersistentVolume[];
  readonly classes: readonly V1StorageClass[];
  /** The stack that has this cluster already. */
  readonly owner: string | undefined;
  /** What the user may not read, and so is missing above. */
  readonly unread: readonly string[];
}

/** Reads all of it. What the user may not list is only less to propose. */
export async function readNewCluster(connection: ClusterConnection): Promise<NewCluster> {
  const client = new ClusterClient(connection);
  // One request first: an unreachable cluster is one error.
  const registry = await client.get<RegistryConfig>(registryApi, "Config", registryName);
  const namespace = registry ? registryNamespace : standaloneDefaults.namespace;
  const unread: string[] = [];
  const list = async <T extends KubernetesObject>(
    apiVersion: string,
    kind: string,
    of?: string,
  ): Promise<T[]> => {
    try {
      return (await client.list<T>(apiVersion, kind, of)) ?? [];
    } catch (error) {
      if (!(error instanceof ClusterError && error.code === 403)) throw error;
      unread.push(kind);
      return [];
    }
  };
  const [nodes, claims, volumes, classes, owner] = await Promise.all([
    list<V1Node>("v1", "Node"),
    list<V1PersistentVolumeClaim>("v1", "PersistentVolumeClaim", namespace),
    list<V1PersistentVolume>("v1", "PersistentVolume"),
    list<V1StorageClass>("storage.k8s.io/v1", "StorageClass"),
    readOwningStack(client, namespace),
  ]);
  return { registry, nodes, claims, volumes, classes, owner: owner?.data?.["stack"], unread };
}
