import type { RegistryPlan } from "../preflight";
import type { RegistrySettings } from "../operator/settings";

/** What the stack asks of a registry that it runs itself. */
export interface StandalonePlan extends RegistryPlan {
  readonly image: string;
  /** Name of a kubernetes.io/tls Secret in the namespace. */
  readonly tlsSecret?: string;
  /** User and group that the pods run as, where the cluster does not assign them itself. */
  readonly owner: { readonly uid: number; readonly gid: number };
  /** Whether the stack names that user, or takes the default. */
  readonly ownerIsGiven: boolean;
  readonly settings: Pick<
    RegistrySettings,
    "readOnly" | "logLevel" | "disableRedirect" | "resources" | "affinity" | "topologySpreadConstraints"
  >;
}

/** Deployment, Service and PodDisruptionBudget. */
export const standaloneName = "image-registry";
export const registryPort = 5000;
export const httpSecret = { name: "image-registry-http", key: "secret" } as const;
export { s3Secret } from "../operator/s3-keys";

/** Tells the objects that a stack made from those that somebody else gave the same name. */
export const managedBy = { "app.kubernetes.io/managed-by": "image-registry" } as const;
export const selector = { "app.kubernetes.io/name": "image-registry" } as const;

export function endpointOf({ namespace }: Pick<StandalonePlan, "namespace">): string {
  return `${standaloneName}.${namespace}.svc:${registryPort}`;
}
