import type { Finding } from "../backends/backend";
import type { Configuration } from "../config/schema";
import { registryName } from "./operator/registry";
import { standaloneName } from "./standalone/registry";

/** A resource in the stack's state, as the last run left it. */
export interface Remembered {
  readonly type: string;
  readonly outputs: {
    readonly metadata?: { readonly name?: string; readonly namespace?: string };
    readonly spec?: { readonly replicas?: number; readonly managementState?: string };
  };
}

/**
 * The registries that run on when this stack turns to another platform or another namespace: it keeps what serves, and
 * from then on nobody owns it.
 */
export function leftBehind(
  remembered: readonly Remembered[],
  { platform, namespace }: Pick<Configuration, "platform"> & { readonly namespace: string },
): Finding[] {
  return remembered.flatMap(({ type, outputs: { metadata, spec } }): Finding[] => {
    if (type.endsWith(":ConfigPatch") && metadata?.name === registryName && platform !== "operator")
      return spec?.managementState === "Removed" ? [] : [operatorsRegistry];
    const isStandalone = type === "kubernetes:apps/v1:Deployment" && metadata?.name === standaloneName;
    const there = metadata?.namespace ?? "default";
    const isHere = platform === "standalone" && there === namespace;
    return isStandalone && !isHere && spec?.replicas !== 0 ? [standaloneRegistry(there)] : [];
  });
}

const wayBack = "to take it down instead, set that back, managementState to Removed, and pulumi up first";

const operatorsRegistry: Finding = {
  field: "platform",
  message: `was operator: the operator's registry stays as it is, and no stack owns it any more; ${wayBack}`,
};

function standaloneRegistry(namespace: string): Finding {
  const message =
    `the registry in namespace ${namespace} runs on, with its claim and its Secrets, and no stack owns it any more; ${wayBack}; ` +
    `or by hand: kubectl -n ${namespace} delete deployment,service,poddisruptionbudget ${standaloneName}`;
  return { field: "standalone.namespace", message };
}
