import type { V1ConfigMap } from "@kubernetes/client-node";
import type { ClusterClient } from "../kubernetes/client";
import type { Finding } from "./finding";

/**
 * A cluster has one registry, and one stack that sets it up. A ConfigMap names that stack: two of them would put back
 * each other's changes for ever, and the second would take over the first one's volume and claim without a word.
 */
export const owningStackName = "image-registry-stack";

/** Reads the ConfigMap that names the stack; undefined when no stack has this cluster. */
export function readOwningStack(client: ClusterClient, namespace: string): Promise<V1ConfigMap | undefined> {
  return client.get<V1ConfigMap>("v1", "ConfigMap", owningStackName, namespace);
}

/** No stack has this cluster: what is there of one was left by a stack that is gone. */
export function isNobodys({ owningStack }: { readonly owningStack: V1ConfigMap | undefined }): boolean {
  return owningStack === undefined;
}

/** Why the stack (organization/project/stack) may not have this cluster, or undefined when it may. */
export function heldByAnother(configMap: V1ConfigMap | undefined, stack: string): Finding | undefined {
  if (!configMap || configMap.data?.["stack"] === stack) return undefined;
  const { namespace } = configMap.metadata ?? {};
  const is = configMap.data?.["stack"];
  return {
    kind: "cluster is another's",
    field: "stack",
    is,
    asked: stack,
    configMap: owningStackName,
    namespace,
  };
}
