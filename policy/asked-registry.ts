import type { V1Deployment } from "@kubernetes/client-node";
import type { Storage } from "../backends/backend";
import { storageInUse } from "../backends/stores";
import { registryApi, type RegistryConfig, registryNamespace } from "../platforms/operator/registry";
import { selector } from "../platforms/standalone/registry";

/** What a resource asks of the registry, and under which keys, on either platform. */
export interface AskedRegistry {
  readonly namespace: string;
  readonly replicas: number;
  readonly storage: Storage;
  readonly nodeSelector: Readonly<Record<string, string>>;
  readonly keys: Readonly<Record<"storage" | "nodeSelector", string>>;
}

interface Resource {
  readonly type: string;
  readonly props: unknown;
}

/** Nothing, if the resource is not a registry. */
export function askedRegistry({ type, props }: Resource): AskedRegistry | undefined {
  if (type.startsWith(`kubernetes:${registryApi}:Config`)) return ofOperator(props as RegistryConfig);
  if (type === "kubernetes:apps/v1:Deployment") return standalone(props as V1Deployment);
  return undefined;
}

function ofOperator({ spec }: RegistryConfig): AskedRegistry {
  const { replicas, storage, nodeSelector } = spec;
  return {
    namespace: registryNamespace,
    replicas,
    storage: storage ?? {},
    nodeSelector: nodeSelector ?? {},
    keys: { storage: "spec.storage", nodeSelector: "spec.nodeSelector" },
  };
}

function standalone(deployment: V1Deployment): AskedRegistry | undefined {
  const { metadata, spec } = deployment;
  const labels = spec?.selector.matchLabels ?? {};
  if (!Object.entries(selector).every(([key, value]) => labels[key] === value)) return undefined;
  const pod = "spec.template.spec";
  return {
    namespace: metadata?.namespace ?? "default",
    replicas: spec?.replicas ?? 1,
    storage: storageInUse(deployment) ?? {},
    nodeSelector: spec?.template.spec?.nodeSelector ?? {},
    keys: { storage: `${pod}.volumes`, nodeSelector: `${pod}.nodeSelector` },
  };
}
