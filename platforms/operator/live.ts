import type { KubernetesObject, V1Deployment, V1PersistentVolumeClaim, V1Pod } from "@kubernetes/client-node";
import { UserError } from "../../errors";
import { type ClusterClient, ClusterError, unlessForbidden } from "../../kubernetes/client";
import { registryManager } from "../../kubernetes/field-managers";
import { appliedBy } from "../../kubernetes/managed-fields";
import { readLimits } from "../../kubernetes/namespace-limits";
import { readPlace } from "../../kubernetes/scheduling/read-place";
import { readVolumes } from "../live-storage";
import { readTainted } from "../node-roles";
import { readOwningStack } from "../owning-stack";
import type { Reference } from "../finding";
import { type RegistryPlan, wantedPlace } from "../plan";
import type { LiveRegistry, Rollout } from "../platform";
import type { SpecObject } from "../field-drift";
import { readS3Keys } from "../store-drift";
import { podToPlace, zoneLabel } from "./pod";
import { missingReferences } from "./references";
import {
  internalHostname,
  operatorDeployment,
  registryApi,
  type RegistryConfig,
  registryDeployment,
  registryName,
  registryNamespace,
} from "./registry";

export interface LiveOperator extends LiveRegistry, OperatorRollout {
  readonly pruner: SpecObject | undefined;
  readonly hostnames: Hostnames;
  /** Whether any node of the cluster has a zone. */
  readonly hasZones: boolean;
  /** The operator's own Deployment. @default it is not known */
  readonly operator?: V1Deployment | undefined;
  /** What the plan names and the cluster does not have. */
  readonly missing: readonly Reference[];
  /**
   * Stays the same until a stack has first written to the Config: a plan of a first up, which waits for approval, would
   * otherwise be outdated by the operator's next status.
   */
  readonly moment: string;
}

export interface OperatorRollout extends Rollout {
  readonly config: RegistryConfig;
}

/** Where the registry answers: for pods, and from outside through its routes. */
export interface Hostnames {
  readonly internal: string;
  readonly routes: string[];
}

/** The operator's label of the registry's pods. The pruner's and the node CA's in the same namespace have others. */
const registryPods = "docker-registry=default";

interface Route extends KubernetesObject {
  spec?: { host?: string };
}

/** Reads all of it. A cluster without the registry's operator is an error that says so. */
export async function readRegistry(client: ClusterClient, plan: RegistryPlan): Promise<LiveOperator> {
  // One request first: an unreachable cluster is then one error.
  const rollout = await readRollout(client);
  const [hasZones, claims, pruner, holdsImages, hostnames, owningStack, s3Keys, missing, limits, operator] =
    await Promise.all([
      readHasZones(client),
      client.list<V1PersistentVolumeClaim>("v1", "PersistentVolumeClaim", registryNamespace),
      client.get<SpecObject>(registryApi, "ImagePruner", registryName),
      readHoldsImages(client),
      readHostnames(client),
      readOwningStack(client, registryNamespace),
      readS3Keys(client, plan),
      missingReferences(client, plan),
      readLimits(client, registryNamespace),
      readOperator(client),
    ]);
  const volumes = await readVolumes(client, plan, rollout, claims ?? []);
  const pod = podToPlace(rollout.config, plan, { hasZones, ...volumes });
  const place = await readPlace(client, pod, wantedPlace(plan, rollout));
  return {
    ...rollout,
    ...volumes,
    ...place,
    hasZones,
    tainted: await readTainted(client, place.nodes, plan),
    pruner,
    holdsImages,
    hostnames,
    owningStack,
    s3Keys,
    missing,
    limits,
    operator,
    moment: momentOf(rollout.config),
  };
}

/** Where the operator runs elsewhere, as with a hosted control plane, there is none; nor for whoever may not see it. */
function readOperator(client: ClusterClient): Promise<V1Deployment | undefined> {
  return unlessForbidden(client.get("apps/v1", "Deployment", operatorDeployment, registryNamespace));
}

/** As the operator looks for them, before it spreads its pods over them. */
async function readHasZones(client: ClusterClient): Promise<boolean> {
  const { value } = await client.inPages("v1", "Node", { labelSelector: zoneLabel }, 1).next();
  return (value?.length ?? 0) > 0;
}

function momentOf(config: RegistryConfig): string {
  const { uid = "", resourceVersion = "" } = config.metadata ?? {};
  return appliedBy(config, registryManager) ? resourceVersion : uid;
}

export async function readRollout(client: ClusterClient): Promise<OperatorRollout> {
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

/** Where none of so many images was pushed, it is left open whether any was: a list of all takes megabytes. */
const lookedAt = 10_000;

// OpenShift marks the images that were pushed to its own registry. Without its image API nothing can tell.
async function readHoldsImages(client: ClusterClient): Promise<boolean | undefined> {
  return optional(
    client.anyObject(
      "image.openshift.io/v1",
      "Image",
      ({ metadata }) => metadata?.annotations?.["openshift.io/image.managed"] === "true",
      lookedAt,
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
