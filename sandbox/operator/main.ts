/** The stand-in for the registry operator, as a process. */
import { parseArgs } from "node:util";

import type { V1CronJob } from "@kubernetes/client-node";

import { namespaceObject } from "./bootstrap";
import { Cluster, reason } from "./cluster";
import { namespace, apiVersion } from "./model";
import { reconcilePruner } from "./pruner";
import { WorkQueue } from "./queue";
import { reconcileRegistry } from "./registry";
import { type Kind, watch } from "./watch";

const deployments = { apiVersion: "apps/v1", kind: "Deployment", plural: "deployments", namespace };
const cronJobs = { apiVersion: "batch/v1", kind: "CronJob", plural: "cronjobs", namespace };

/** What makes the operator look again. Claims and nodes are not among it, as with the real one. */
const registryKinds: Kind[] = [
  { apiVersion, kind: "Config", plural: "configs" },
  { apiVersion: "v1", kind: "Secret", plural: "secrets", namespace },
  { apiVersion: "v1", kind: "Service", plural: "services", namespace },
  { apiVersion: "v1", kind: "ServiceAccount", plural: "serviceaccounts", namespace },
  { apiVersion: "policy/v1", kind: "PodDisruptionBudget", plural: "poddisruptionbudgets", namespace },
];

function run(cluster: Cluster): void {
  const registry = new WorkQueue(
    () => reconcileRegistry(cluster, deploymentCache.cache.get("image-registry", namespace)),
    (error) => console.error(`registry: ${reason(error)}`),
  );
  const pruner = new WorkQueue(
    () => reconcilePruner(cluster, cronJobCache.cache.get("image-pruner", namespace)),
    (error) => console.error(`pruner: ${reason(error)}`),
  );
  const deploymentCache = watch(cluster, deployments, () => registry.add());
  const cronJobCache = watch<V1CronJob>(cluster, cronJobs, () => pruner.add());
  const others = [
    ...registryKinds.map((kind) => watch(cluster, kind, () => registry.add())),
    watch(cluster, { apiVersion, kind: "ImagePruner", plural: "imagepruners" }, () => pruner.add()),
  ];
  registry.add();
  pruner.add();
  console.log("watching");

  const stop = () => {
    const parts = [registry, pruner, deploymentCache, cronJobCache, ...others];
    void Promise.allSettled(parts.map((part) => part.stop())).then(() => process.exit());
  };
  process.once("SIGTERM", stop);
  process.once("SIGINT", stop);
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { kubeconfig: { type: "string" } } });
  if (!values.kubeconfig) throw new Error("usage: main.ts --kubeconfig PATH");
  const cluster = new Cluster(values.kubeconfig);
  await cluster.ensure(namespaceObject);
  run(cluster);
}

void main().catch((error: unknown) => {
  console.error(reason(error));
  process.exit(1);
});
