import type { V1Deployment } from "@kubernetes/client-node";

import { type ConditionState, setCondition } from "./conditions";
import { type Config, PermanentError } from "./model";

const inertia = 5 * 60_000;

/**
 * Writes what the operator says about the registry into its status: how the Deployment looked (a view that can be
 * older than what this pass did to it) and what went wrong. A Deployment that serves the old configuration counts
 * as Available, whatever the error.
 */
export function reportStatus(config: Config, deployment: V1Deployment | undefined, error?: Error): void {
  const conditions = (config.status.conditions ??= []);
  setCondition(conditions, "Available", available(config, deployment, error));
  setCondition(conditions, "Progressing", progressing(config, deployment, error));
  setCondition(conditions, "Degraded", degraded(config, deployment, error));
  setCondition(conditions, "Removed", removed(config));
  for (const [type, verdict] of Object.entries(neighbours)) setCondition(conditions, type, verdict);
  config.status.readyReplicas = deployment?.status?.readyReplicas ?? 0;
  config.status.observedGeneration = config.metadata?.generation;
}

/** What the operator's other parts say beside, all well: a reader must not take their words for the registry's. */
const neighbours: Record<string, ConditionState> = {
  AzureStackCloudControllerDegraded: ["False", "AsExpected", ""],
  ConfigObservationDegraded: ["False", "", ""],
  ImageConfigControllerDegraded: ["False", "AsExpected", ""],
  ImageRegistryCertificatesControllerDegraded: ["False", "AsExpected", ""],
  NodeCADaemonAvailable: ["True", "AsExpected", "The daemon set node-ca has available replicas"],
  NodeCADaemonControllerDegraded: ["False", "AsExpected", ""],
  NodeCADaemonProgressing: ["False", "AsExpected", "The daemon set node-ca is deployed"],
};

const unmanaged = ["Unmanaged", "The registry configuration is set to unmanaged mode"] as const;

function available({ spec }: Config, deployment: V1Deployment | undefined, error?: Error): ConditionState {
  if (spec.managementState === "Unmanaged") return ["True", ...unmanaged];
  if (!deployment) {
    if (error instanceof PermanentError) return ["False", error.reason, `Error: ${error.message}`];
    if (spec.managementState === "Removed") return ["True", "Removed", "The registry is removed"];
    return ["False", "DeploymentNotFound", "The deployment does not exist"];
  }
  if (isDeleting(deployment)) return ["False", "DeploymentDeleted", "The deployment is being deleted"];
  const { availableReplicas = 0, replicas = 0 } = deployment.status ?? {};
  if (availableReplicas === 0) {
    return ["False", "NoReplicasAvailable", "The deployment does not have available replicas"];
  }
  if (availableReplicas !== replicas) {
    return ["True", "MinimumAvailability", "The registry has minimum availability"];
  }
  return ["True", "Ready", "The registry is ready"];
}

function progressing({ spec }: Config, deployment: V1Deployment | undefined, error?: Error): ConditionState {
  if (spec.managementState === "Unmanaged") return ["False", ...unmanaged];
  if (spec.managementState === "Removed") {
    return deployment
      ? ["True", "DeletingDeployment", "The deployment is being removed"]
      : ["False", "Removed", "All registry resources are removed"];
  }
  if (error) {
    const status = error instanceof PermanentError ? "False" : "True";
    return [status, "Error", `Unable to apply resources: ${error.message}`];
  }
  if (!deployment) {
    const message = "All resources are successfully applied, but the deployment does not exist";
    return ["True", "WaitingForDeployment", message];
  }
  if (isDeleting(deployment)) return ["True", "FinalizingDeployment", "The deployment is being deleted"];
  if (!isComplete(deployment)) return ["True", "DeploymentNotCompleted", "The deployment has not completed"];
  return ["False", "Ready", "The registry is ready"];
}

function degraded(
  { spec, status }: Config,
  deployment: V1Deployment | undefined,
  error?: Error,
): ConditionState {
  if (spec.managementState === "Unmanaged") return ["False", ...unmanaged];
  if (error instanceof PermanentError) return ["True", error.reason, `Error: ${error.message}`];
  if (spec.managementState === "Removed") return ["False", "Removed", "The registry is removed"];
  const availability = status.conditions?.find(({ type }) => type === "Available");
  if (availability?.status !== "True") {
    const since = Date.now() - Date.parse(availability?.lastTransitionTime ?? "");
    return since > inertia ? ["True", "Unavailable", availability?.message ?? ""] : ["False", "", ""];
  }
  const rollout = progressOf(deployment);
  if (rollout?.reason === "ProgressDeadlineExceeded") {
    const message = `Registry deployment has timed out progressing: ${rollout.message}`;
    return ["True", "ProgressDeadlineExceeded", message];
  }
  return ["False", "", ""];
}

function removed({ spec }: Config): ConditionState {
  return spec.managementState === "Removed"
    ? ["True", "Removed", "The registry is removed"]
    : ["False", "", ""];
}

function isComplete(deployment: V1Deployment): boolean {
  const rollout = progressOf(deployment);
  return rollout?.status === "True" && rollout.reason === "NewReplicaSetAvailable";
}

function progressOf(deployment?: V1Deployment) {
  return deployment?.status?.conditions?.find(({ type }) => type === "Progressing");
}

function isDeleting(deployment: V1Deployment): boolean {
  return deployment.metadata?.deletionTimestamp !== undefined;
}
