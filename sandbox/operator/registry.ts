import type { V1Deployment } from "@kubernetes/client-node";

import { createOrUpdate, remove } from "./apply";
import { initialConfig } from "./bootstrap";
import { type Cluster, reason, same } from "./cluster";
import { goSpec } from "./go-json";
import { apiVersion, type Config, finalizer, namespace, PermanentError } from "./model";
import { reportStatus } from "./status";

/**
 * One pass over the Config: applies what it asks for, then writes its spec, then its status. The status tells of the
 * Deployment as the caller saw it before this pass. The real operator looks at its cache here, which has not yet
 * heard of what the pass just wrote; so after each change a status that is green, and wrong, goes out first.
 */
export async function reconcileRegistry(cluster: Cluster, deployment?: V1Deployment): Promise<void> {
  const live = await cluster.read<Config>(apiVersion, "Config", "cluster");
  if (!live) return void (await cluster.create(initialConfig));
  const config = draftOf(live);
  if (live.metadata?.deletionTimestamp) return finalize(cluster, config);

  const before = structuredClone(config);
  const { error, seen } = await apply(cluster, config, deployment);
  reportStatus(config, seen, error);

  if (!same(config.spec, before.spec) || !same(config.metadata, before.metadata)) {
    const { metadata, spec } = config;
    const updated = await cluster.replaceCustom("configs", { ...live, metadata, spec });
    config.metadata = updated.metadata;
  }
  if (!same(config.status, before.status)) await cluster.replaceStatus("configs", config);
  if (error && !(error instanceof PermanentError)) throw error;
}

/** The Config with nothing missing that Go's types always have. */
function draftOf({ spec, status, ...rest }: Config): Config {
  const blank = { storage: {}, storageManaged: false, readyReplicas: 0 };
  return structuredClone({ ...rest, spec: goSpec(spec), status: { ...blank, ...(status as object) } });
}

interface Applied {
  readonly error?: Error;
  /** The Deployment as the status tells of it. */
  readonly seen?: V1Deployment;
}

async function apply(cluster: Cluster, config: Config, cached?: V1Deployment): Promise<Applied> {
  try {
    if (config.spec.managementState === "Managed") {
      const applied = await createOrUpdate(cluster, config);
      return { seen: cached ?? applied };
    }
    if (config.spec.managementState === "Removed") {
      await remove(cluster, config);
      return { seen: await cluster.read<V1Deployment>("apps/v1", "Deployment", "image-registry", namespace) };
    }
    return { seen: cached };
  } catch (error) {
    return { seen: cached, error: error instanceof PermanentError ? error : new Error(reason(error)) };
  }
}

async function finalize(cluster: Cluster, config: Config): Promise<void> {
  if (!config.metadata?.finalizers?.includes(finalizer)) return;
  await remove(cluster, config);
  const finalizers = config.metadata.finalizers.filter((candidate) => candidate !== finalizer);
  await cluster.replaceCustom("configs", { ...config, metadata: { ...config.metadata, finalizers } });
}
