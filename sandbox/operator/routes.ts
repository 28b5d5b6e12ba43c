import type { KubernetesObject } from "@kubernetes/client-node";

import type { Cluster } from "./cluster";
import { type Config, namespace } from "./model";

const apiVersion = "route.openshift.io/v1";
/** Routes the operator made carry this annotation; it removes those that are no longer asked for. */
const ownerAnnotation = "imageregistry.openshift.io";

/** Applies the default route and the spec's own ones; a cluster that has no routes is left alone. */
export async function applyRoutes(cluster: Cluster, config: Config): Promise<void> {
  const existing = await ownRoutes(cluster);
  if (!existing) return;
  const wanted = routes(config);
  for (const route of wanted) await cluster.ensure(route);
  const names = wanted.map(({ metadata }) => metadata?.name);
  for (const route of existing) if (!names.includes(route.metadata?.name)) await cluster.remove(route);
}

export async function removeRoutes(cluster: Cluster): Promise<void> {
  for (const route of (await ownRoutes(cluster)) ?? []) await cluster.remove(route);
}

/** The routes a Config asks for. The default one gets its host from the cluster's ingress domain. */
export function routes({ spec }: Config): KubernetesObject[] {
  const wanted = spec.routes?.map(({ name, hostname }) => ({ name, host: hostname })) ?? [];
  if (spec.defaultRoute) wanted.unshift({ name: "default-route", host: undefined });
  return wanted.map(({ name, host }) => ({
    apiVersion,
    kind: "Route",
    metadata: { name, namespace, annotations: { [ownerAnnotation]: "true" } },
    spec: {
      host: host ?? `${name}-${namespace}.apps.sandbox.invalid`,
      to: { kind: "Service", name: "image-registry" },
      tls: { termination: "reencrypt" },
    },
  }));
}

async function ownRoutes(cluster: Cluster): Promise<KubernetesObject[] | undefined> {
  const { items } = await cluster.objects.list(apiVersion, "Route", namespace).catch((error: Error) => {
    if (/404|Unrecognized API/.test(error.message)) return { items: undefined };
    throw error;
  });
  return items?.filter(({ metadata }) => metadata?.annotations?.[ownerAnnotation]);
}
