import type {
  KubernetesObject,
  V1ConfigMap,
  V1Deployment,
  V1Node,
  V1PersistentVolume,
  V1PersistentVolumeClaim,
  V1Pod,
} from "@kubernetes/client-node";
import { UserError } from "../../errors";
import { storageInUse } from "../../backends/backend";
import { ClusterClient, ClusterError, type ClusterConnection } from "../../kubernetes/client";
import type { SpecObject } from "./drift";
import { appliedBy } from "../../kubernetes/managed-fields";
import { readNodes } from "../../kubernetes/nodes";
import { readOwningStack } from "../owning-stack";
import type { RegistryPlan } from "../preflight";
import {
  internalHostname,
  registryApi,
  registryDeployment,
  registryManager,
  registryName,
  registryNamespace,
  type RegistryConfig,
} from "./registry";

/** What the cluster says about its registry at one moment: read on every run, changed or not. */
export interface LiveRegistry {
  readonly config: RegistryConfig;
  readonly deployment: V1Deployment | undefined;
  /** The registry's own pods, without the pruner's and the node CA's. */
  readonly pods: V1Pod[];
  readonly nodes: V1Node[];
  /** The claims in the registry's namespace. */
  readonly claims: V1PersistentVolumeClaim[];
  /** The volume the stack wants to make, when it exists already. */
  readonly volume: V1PersistentVolume | undefined;
  /** The volume behind the claim that the pods use now. */
  readonly volumeInUse: V1PersistentVolume | undefined;
  readonly pruner: SpecObject | undefined;
  /** Whether images were pushed to the registry; undefined when the cluster cannot tell. */
  readonly holdsImages: boolean | undefined;
  readonly hostnames: Hostnames;
  /** Names the stack that this cluster's registry belongs to. */
  readonly owningStack: V1ConfigMap | undefined;
  /**
   * Another text whenever the registry has changed in any way. It stays the same until a stack has first written to the
   * Config: a plan of a first up, which waits for approval, would otherwise be outdated by the operator's next status.
   */
  readonly moment: string;
}

/** Where the registry answers: for pods, and from outside through its routes. */
export interface Hostnames {
  readonly internal: string;
  readonly routes: string[];
}

/** The operator's label of the registry's pods. The pruner's and the node CA's in the same namespace have others. */
const registryPods = "docker-registry=default";

/** The part that changes while a rollout runs, and is asked for again and again. */
export type Rollout = Pick<LiveRegistry, "config" | "deployment" | "pods">;

interface Route extends KubernetesObject {
  spec?: { host?: string };
}

/** Reads all of it. A cluster without the registry's operator is an error that says so. */
export async function readLiveRegistry(
  connection: ClusterConnection,
  { claim, placement, nodesToLabel }: Pick<RegistryPlan, "claim" | "placement" | "nodesToLabel">,
): Promise<LiveRegistry> {
  const volumeName = claim?.volumeName;
  const client = new ClusterClient(connection);
  // One request first: an unreachable cluster is then one error.
  const rollout = await readRollout(client);
  const [nodes, claims, volume, pruner, holdsImages, hostnames, owningStack] = await Promise.all([
    readNodes(client, placement, nodesToLabel),
    client.list<V1PersistentVolumeClaim>("v1", "PersistentVolumeClaim", registryNamespace),
    volumeName === undefined
      ? undefined
      : client.get<V1PersistentVolume>("v1", "PersistentVolume", volumeName),
    client.get<SpecObject>(registryApi, "ImagePruner", registryName),
    readHoldsImages(client),
    readHostnames(client),
    readOwningStack(client, registryNamespace),
  ]);
  const inUse = storageInUse(rollout.deployment)?.pvc?.claim;
  const bound = claims?.find(({ metadata }) => metadata?.name === inUse)?.spec?.volumeName;
  const volumeInUse =
    bound && bound !== volumeName
      ? await client.get<V1PersistentVolume>("v1", "PersistentVolume", bound)
      : volume;
  return {
    ...rollout,
    volumeInUse,
    nodes,
    claims: claims ?? [],
    volume,
    pruner,
    holdsImages,
    hostnames,
    owningStack,
    moment: momentOf(rollout.config),
  };
}

function momentOf(config: RegistryConfig): string {
  const { uid = "", resourceVersion = "" } = config.metadata ?? {};
  return appliedBy(config, registryManager) ? resourceVersion : uid;
}

export async function readRollout(client: ClusterClient): Promise<Rollout> {
  const config = await client.get<RegistryConfig>(registryApi, "Config", registryName);
  if (!config) {
    throw new UserError(
      `this cluster has no configs.imageregistry.operator.openshift.io/${registryName}: ` +
        `is it OpenShift 4, and is the ImageRegistry capability enabled (clusteroperator image-registry)?`,
    );
  }
  const [deployment, pods] = await Promise.all([
    client.get<V1Deployment>("apps/v1", "Deployment", registryDeployment, registryNamespace),
    client.list<V1Pod>("v1", "Pod", registryNamespace, { labelSelector: registryPods }),
  ]);
  return { config, deployment, pods: pods ?? [] };
}

export async function readHostnames(client: ClusterClient): Promise<Hostnames> {
  const routes = await optional(client.list<Route>("route.openshift.io/v1", "Route", registryNamespace));
  const hosts = (routes ?? []).flatMap(({ spec }) => (spec?.host ? [spec.host] : []));
  return { internal: internalHostname, routes: hosts.sort() };
}

// OpenShift marks the images that were pushed to its own registry. Without its image API nothing can tell.
async function readHoldsImages(client: ClusterClient): Promise<boolean | undefined> {
  return optional(
    client.anyObject(
      "image.openshift.io/v1",
      "Image",
      ({ metadata }) => metadata?.annotations?.["openshift.io/image.managed"] === "true",
    ),
  );
}

/** For what only informs: a user without the right to read it learns less, and nothing fails. */
async function optional<T>(request: Promise<T>): Promise<T | undefined> {
  try {
    return await request;
  } catch (error) {
    if (error instanceof ClusterError) return undefined;
    throw error;
  }
}
