import { randomBytes } from "node:crypto";

import type {
  KubernetesObject,
  V1Deployment,
  V1PersistentVolumeClaim,
  V1Secret,
} from "@kubernetes/client-node";

import { type Cluster, reason } from "./cluster";
import { setCondition } from "./conditions";
import { type Config, finalizer, namespace, PermanentError, type Surroundings } from "./model";
import { operands } from "./operands";
import { applyRoutes, removeRoutes } from "./routes";
import { storageKeyOf, claimName, settleStorage } from "./storage";

/** Brings the cluster to what a Managed Config asks for; fills in its spec and status. Returns the Deployment. */
export async function createOrUpdate(cluster: Cluster, config: Config): Promise<V1Deployment> {
  const { spec } = config;
  if (!config.metadata?.finalizers?.includes(finalizer)) {
    config.metadata = { ...config.metadata, finalizers: [...(config.metadata?.finalizers ?? []), finalizer] };
  }
  verify(config);
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

function verify({ spec }: Config): void {
  const problem = (what: string) =>
    new PermanentError("VerificationFailed", `unable to complete resource: ${what}`);
  if (spec.replicas < 0) throw problem("replicas must be greater than or equal to 0");
  const names = ["default-route", ...(spec.routes ?? []).map(({ name }) => name)];
  if (new Set(names).size < names.length) {
    throw problem("duplication of names has been detected in the additional routes");
  }
}

/** A Deployment that somebody else changed since is written again: its generation tells. */
async function applyDeployment(
  cluster: Cluster,
  config: Config,
  desired: V1Deployment,
): Promise<V1Deployment> {
  const name = "image-registry";
  const live = await cluster.read<V1Deployment>("apps/v1", "Deployment", name, namespace);
  if (live && mustLeaveHostsFirst(live, desired)) {
    delete live.spec!.template.spec!.affinity;
    return cluster.replace(live); // the next pass does the rest
  }
  const generations = (config.status.generations ??= []);
  let recorded = generations.find((candidate) => candidate.name === name);
  const isCurrent = (live: KubernetesObject) => live.metadata?.generation === recorded?.lastGeneration;
  const applied = await cluster.ensure(desired, isCurrent);
  if (!recorded) {
    const address = { group: "apps", resource: "deployments", namespace, name };
    generations.push((recorded = { ...address, hash: "" }));
  }
  recorded.lastGeneration = applied.metadata?.generation;
  return applied;
}

/** Two replicas hold on to their hosts. More can start only once the two are free of that, in a write of its own. */
function mustLeaveHostsFirst({ spec: live }: V1Deployment, { spec: desired }: V1Deployment): boolean {
  const bound = live?.template.spec?.affinity && !desired?.template.spec?.affinity;
  return Boolean(bound) && (desired?.replicas ?? 1) > (live?.replicas ?? 1);
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
export async function remove(cluster: Cluster, config: Config): Promise<void> {
  const { spec, status } = config;
  const removing = ["True", "Removing", "The image pruner is being removed"] as const;
  setCondition((status.conditions ??= []), "Progressing", removing);
  try {
    storageKeyOf(spec.storage);
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
  if (storageKeyOf(status.storage)) status.storage = {};
}
