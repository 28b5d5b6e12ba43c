import type { V1ConfigMap, V1Deployment, V1PersistentVolumeClaim } from "@kubernetes/client-node";
import { storageInUse } from "../backends/stores";
import { type ClusterClient, unlessForbidden } from "../kubernetes/client";
import { storageManager } from "../kubernetes/field-managers";
import { appliedBy } from "../kubernetes/managed-fields";
import { registryDeployment, registryNamespace } from "./operator/registry";
import { owningStackName } from "./owning-stack";
import type { Findings } from "./finding";
import type { PlatformTypes } from "./platform";

/** A registry of this stack in a namespace that it no longer asks for: `platform` or `standalone.namespace` was changed. */
export interface LeftBehind {
  readonly namespace: string;
  readonly deployment: V1Deployment | undefined;
  /** Names of the claims there that the stack made. */
  readonly claims: readonly string[];
}

/** Found by the ConfigMaps that name the stack; none for a user who may not look for them in all namespaces. */
export async function readLeftBehind(
  client: ClusterClient,
  stack: string,
  namespace: string,
): Promise<LeftBehind[]> {
  const owners = await unlessForbidden(
    client.list<V1ConfigMap>("v1", "ConfigMap", undefined, {
      fieldSelector: `metadata.name=${owningStackName}`,
    }),
  );
  const others = (owners ?? []).flatMap(({ metadata, data }) => {
    const place = metadata?.namespace;
    return data?.["stack"] === stack && place !== undefined && place !== namespace ? [place] : [];
  });
  return Promise.all(others.map((place) => readPlace(client, place)));
}

async function readPlace(client: ClusterClient, namespace: string): Promise<LeftBehind> {
  const [deployment, claims] = await Promise.all([
    // Of the same name on both platforms.
    unlessForbidden(client.get<V1Deployment>("apps/v1", "Deployment", registryDeployment, namespace)),
    unlessForbidden(client.list<V1PersistentVolumeClaim>("v1", "PersistentVolumeClaim", namespace)),
  ]);
  const own = (claims ?? []).filter((claim) => appliedBy(claim, storageManager));
  return { namespace, deployment, claims: own.map(({ metadata }) => metadata?.name ?? "") };
}

/** One that runs would go on without a stack, unseen by every later run; one that is down leaves a claim at most. */
export function leftBehindFindings(left: readonly LeftBehind[], platform: PlatformTypes["name"]): Findings {
  const found = left.map((one) => {
    const isOther = platform === "operator" || one.namespace === registryNamespace;
    return { ...one, field: isOther ? ("platform" as const) : ("standalone.namespace" as const) };
  });
  return {
    errors: found.filter(isRunning).map(({ field, namespace, deployment }) => ({
      kind: "registry would be nobody's",
      field,
      namespace,
      deployment: registryDeployment,
      storage: storageInUse(deployment) ?? {},
      configMap: owningStackName,
    })),
    warnings: found
      .filter((one) => !isRunning(one))
      .flatMap(({ field, namespace, claims }) =>
        claims.map((claim) => ({ kind: "claim stays behind" as const, field, namespace, claim })),
      ),
  };
}

function isRunning({ deployment }: LeftBehind): boolean {
  return (deployment?.spec?.replicas ?? 0) > 0;
}
