/** Deployment, Service, NetworkPolicy and PodDisruptionBudget. */
export const standaloneName = "image-registry";
export const registryPort = 5000;
/** Of the Secret that names the users, as htpasswd(1) writes them with -B. */
export const htpasswdKey = "htpasswd";
export const httpSecret = { name: "image-registry-http", key: "secret" } as const;

/** Tells the objects that a stack made from those that somebody else gave the same name. */
export const managedBy = { "app.kubernetes.io/managed-by": "image-registry" } as const;
export const selector = { "app.kubernetes.io/name": "image-registry" } as const;

/** Where pods reach the registry, host:port. */
export function endpointIn(namespace: string): string {
  return `${standaloneName}.${namespace}.svc:${registryPort}`;
}
