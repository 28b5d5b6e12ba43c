import { randomBytes } from "node:crypto";

import type {
  KubernetesObject,
  V1Deployment,
  V1PersistentVolumeClaim,
  V1Secret,
} from "@kubernetes/client-node";

import { initialConfig } from "./bootstrap";
import { type Cluster, reason, same } from "./cluster";
import { setCondition } from "./conditions";
import { goSpec } from "./go-json";
import { apiVersion, type Config, finalizer, namespace, PermanentError, type Surroundings } from "./model";
import { operands } from "./operands";
import { applyRoutes, removeRoutes } from "./routes";
import { reportStatus } from "./status";
import { backendOf, claimName, settleStorage } from "./storage";

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
  const { error, created } = await apply(cluster, config);
  reportStatus(config, deployment ?? created, error);

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

async function apply(cluster: Cluster, config: Config): Promise<{ error?: Error; created?: V1Deployment }> {
  try {
    if (config.spec.managementState === "Managed") return { created: await createOrUpdate(cluster, config) };
    if (config.spec.managementState === "Removed") await remove(cluster, config);
    return {};
  } catch (error) {
    return { error: error instanceof PermanentError ? error : new Error(reason(error)) };
  }
}

/** Returns the Deployment. */
async function createOrUpdate(cluster: Cluster, config: Config): Promise<V1Deployment> {
  const { spec } = config;
  if (!config.metadata?.finalizers?.includes(finalizer)) {
    config.metadata = { ...config.metadata, finalizers: [...(config.metadata?.finalizers ?? []), finalizer] };
  }
  if (spec.replicas < 0) {
    const message = "unable to complete resource: replicas must be greater than or equal to 0";
    throw new PermanentError("VerificationFailed", message);
  }
  spec.httpSecret ||= randomBytes(64).toString("hex");

  const seen = await surroundings(cluster, config);
  const claim = settleStorage(config, seen);
  if (claim) await cluster.create(claim);

  let deployment: V1Deployment | undefined;
  for (const operand of operands(config, seen)) {
    try {
      if (operand.kind === "Deployment") deployment = await applyDeployment(cluster, config, operand);
      else await cluster.ensure(operand);
    } catch (error) {
      const address = `*v1.${operand.kind}, Namespace=${namespace}, Name=${operand.metadata?.name}`;
      throw new Error(`unable to apply objects: failed to update object ${address}: ${reason(error)}`);
    }
  }
  await applyRoutes(cluster, config);
  return deployment!;
}

/** A Deployment that somebody else changed since is written again: its generation tells. */
async function applyDeployment(
  cluster: Cluster,
  config: Config,
  desired: V1Deployment,
): Promise<V1Deployment> {
  const generations = (config.status.generations ??= []);
  let recorded = generations.find(({ name }) => name === "image-registry");
  const isCurrent = (live: KubernetesObject) => live.metadata?.generation === recorded?.lastGeneration;
  const applied = await cluster.ensure(desired, isCurrent);
  if (!recorded) {
    const address = { group: "apps", resource: "deployments", namespace, name: "image-registry" };
    generations.push((recorded = { ...address, hash: "" }));
  }
  recorded.lastGeneration = applied.metadata?.generation;
  return applied;
}

async function surroundings(cluster: Cluster, config: Config): Promise<Surroundings> {
  const read = <T extends KubernetesObject>(kind: string, name: string) =>
    cluster.read<T>("v1", kind, name, namespace);
  const zoned = "topology.kubernetes.io/zone";
  const nodes = await cluster.objects.list(
    "v1",
    "Node",
    undefined,
    undefined,
    undefined,
    undefined,
    undefined,
    zoned,
  );
  return {
    claim: await read<V1PersistentVolumeClaim>("PersistentVolumeClaim", claimName(config)),
    keys: await read<V1Secret>("Secret", "image-registry-private-configuration-user"),
    zones: nodes.items.length > 0,
  };
}

/** Takes the registry down, and with it the claim, if the storage section says that it is the operator's. */
async function remove(cluster: Cluster, config: Config): Promise<void> {
  const { spec, status } = config;
  const removing = ["True", "Removing", "The image pruner is being removed"] as const;
  setCondition((status.conditions ??= []), "Progressing", removing);
  try {
    backendOf(spec.storage);
  } catch (error) {
    throw new Error(`unable to get generators: ${(error as Error).message}`);
  }
  for (const operand of operands(config, { zones: false })) await cluster.remove(operand, "Foreground");
  await removeRoutes(cluster);
  const claim = status.storage.pvc?.claim;
  if (claim && spec.storage.managementState === "Managed") {
    await cluster.remove({
      apiVersion: "v1",
      kind: "PersistentVolumeClaim",
      metadata: { name: claim, namespace },
    });
  }
  if (backendOf(status.storage)) status.storage = {};
}

async function finalize(cluster: Cluster, config: Config): Promise<void> {
  if (!config.metadata?.finalizers?.includes(finalizer)) return;
  await remove(cluster, config);
  const finalizers = config.metadata.finalizers.filter((candidate) => candidate !== finalizer);
  await cluster.replaceCustom("configs", { ...config, metadata: { ...config.metadata, finalizers } });
}
