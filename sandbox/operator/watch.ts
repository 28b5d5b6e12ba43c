import { makeInformer, type KubernetesObject, type ObjectCache } from "@kubernetes/client-node";

import type { Cluster } from "./cluster";

export interface Watched<T extends KubernetesObject> {
  readonly cache: ObjectCache<T>;
  stop(): Promise<void>;
}

export interface Kind {
  readonly apiVersion: string;
  readonly kind: string;
  readonly plural: string;
  readonly namespace?: string;
}

/** Keeps a cache of one kind and calls `onChange`, through restarts of the API server and kinds not there yet. */
export function watch<T extends KubernetesObject>(
  cluster: Cluster,
  kind: Kind,
  onChange: () => void,
): Watched<T> {
  const { apiVersion, plural, namespace } = kind;
  const root = apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  const path = [root, ...(namespace ? ["namespaces", namespace] : []), plural].join("/");
  const informer = makeInformer<T>(cluster.config, path, () =>
    cluster.objects.list(apiVersion, kind.kind, namespace),
  );
  let restart: NodeJS.Timeout | undefined;
  let stopped = false;
  informer.on("change", onChange);
  informer.on("error", () => {
    clearTimeout(restart);
    if (!stopped) restart = setTimeout(() => void informer.start(), 500);
  });
  void informer.start();
  return {
    cache: informer,
    stop: () => {
      stopped = true;
      clearTimeout(restart);
      return informer.stop();
    },
  };
}
