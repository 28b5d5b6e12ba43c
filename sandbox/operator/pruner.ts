import type { KubernetesObject, V1CronJob, V1ResourceRequirements } from "@kubernetes/client-node";

import { initialPruner } from "./bootstrap";
import { type Cluster, reason, same } from "./cluster";
import { setCondition } from "./conditions";
import { apiVersion, type ImagePruner, namespace } from "./model";

/** One pass over the ImagePruner. Like the registry's it tells of what was there before the pass. */
export async function reconcilePruner(cluster: Cluster, job?: V1CronJob): Promise<void> {
  const live = await cluster.read<ImagePruner>(apiVersion, "ImagePruner", "cluster");
  if (!live) return void (await cluster.create(initialPruner));
  const pruner = structuredClone({ ...live, status: live.status ?? {} });

  let error: Error | undefined;
  try {
    await cluster.ensure(serviceAccount);
    await cluster.ensure(cronJob(pruner));
  } catch (cause) {
    error = new Error(`unable to apply objects: ${reason(cause)}`);
  }
  reportPrunerStatus(pruner, job, error);
  if (!same(pruner.status, live.status ?? {})) await cluster.replaceStatus("imagepruners", pruner);
  if (error) throw error;
}

/** Jobs that failed are not looked for: kwok's never do. */
export function reportPrunerStatus(pruner: ImagePruner, job?: V1CronJob, error?: Error): void {
  const { spec, status, metadata } = pruner;
  const conditions = (status.conditions ??= []);
  setCondition(
    conditions,
    "Available",
    job
      ? ["True", "AsExpected", "Pruner CronJob has been created"]
      : ["False", "Error", "Pruner CronJob does not exist"],
  );
  setCondition(conditions, "Failed", ["False", "Complete", "Pruner completed successfully"]);
  setCondition(
    conditions,
    "Scheduled",
    spec.suspend
      ? ["False", "Suspended", "The pruner job has been suspended"]
      : ["True", "Scheduled", "The pruner job has been scheduled"],
  );
  setCondition(
    conditions,
    "Degraded",
    error ? ["True", "SyncError", `Error: ${error.message}`] : ["False", "AsExpected", ""],
  );
  status.observedGeneration = metadata?.generation;
}

const serviceAccount: KubernetesObject = {
  apiVersion: "v1",
  kind: "ServiceAccount",
  metadata: { name: "pruner", namespace },
};

export function cronJob({ spec }: ImagePruner): V1CronJob {
  const resources = { requests: { cpu: "100m", memory: "256Mi" } };
  return {
    apiVersion: "batch/v1",
    kind: "CronJob",
    metadata: { name: "image-pruner", namespace },
    spec: {
      concurrencyPolicy: "Forbid",
      failedJobsHistoryLimit: spec.failedJobsHistoryLimit ?? 3,
      schedule: spec.schedule || "0 0 * * *",
      startingDeadlineSeconds: 3600,
      successfulJobsHistoryLimit: spec.successfulJobsHistoryLimit ?? 3,
      suspend: spec.suspend ?? false,
      jobTemplate: {
        metadata: { labels: { "created-by": "image-pruner" } },
        spec: {
          backoffLimit: 0,
          template: {
            metadata: { labels: { app: "image-pruner" } },
            spec: {
              affinity: spec.affinity ?? {},
              containers: [
                {
                  name: "image-pruner",
                  image: "image-registry.sandbox.invalid/cli", // kwok pulls no images
                  args: pruneArguments(spec),
                  resources: (spec.resources as V1ResourceRequirements | undefined) ?? resources,
                },
              ],
              nodeSelector: spec.nodeSelector ?? {},
              priorityClassName: "system-cluster-critical",
              restartPolicy: "Never",
              serviceAccountName: "pruner",
              tolerations: spec.tolerations ?? [],
            },
          },
        },
      },
    },
  };
}

function pruneArguments(spec: ImagePruner["spec"]): string[] {
  return [
    ..."oc adm prune images --confirm=true".split(" "),
    `--keep-tag-revisions=${spec.keepTagRevisions ?? 3}`,
    `--keep-younger-than=${spec.keepYoungerThanDuration ?? "60m"}`,
    `--ignore-invalid-refs=${spec.ignoreInvalidImageReferences ?? false}`,
  ];
}
