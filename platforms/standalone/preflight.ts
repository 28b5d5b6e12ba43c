import { isDeepStrictEqual } from "node:util";
import type { KubernetesObject } from "@kubernetes/client-node";
import { describeStorage, sameStore, storageInUse } from "../../backends/backend";
import { claimRepairs } from "../../backends/nfs";
import { describeCondition, podProblems } from "../operator/convergence";
import { claimProblems, type Findings, imageLoss, nodeProblems } from "../preflight";
import type { LiveStandalone } from "./live";
import { holdsOthersClaims, isOwnNamespace } from "./namespace";
import { managedBy, standaloneName, type StandalonePlan } from "./plan";
import { standaloneConditions, unfinishedStandalone } from "./convergence";
import { type DeploymentSpec, revisionOf } from "./workload";

/** Compares the plan with the live cluster. Pure: the same snapshot gives the same findings. */
export function standalonePreflight(
  live: LiveStandalone,
  plan: StandalonePlan,
  wanted: DeploymentSpec,
): Findings {
  const unready = nodeProblems(live.nodes, plan, serves(live, plan));
  return {
    errors: [
      ...othersObjects(live, plan),
      ...imageLoss({ deployment: running(live), holdsImages: undefined, volumeInUse: undefined }, plan),
      ...claimProblems(live, plan),
      ...tlsProblems(live, plan),
      ...unready.errors,
    ],
    warnings: [
      ...(plan.claim ? claimRepairs(live, plan.claim) : []),
      ...troubles(live, plan),
      ...unready.warnings,
      ...restarts(live, plan, wanted),
      ...keptNamespace(live, plan),
    ],
  };
}

function othersObjects({ deployment, service }: LiveStandalone, { namespace }: StandalonePlan): string[] {
  const theirs = (object: KubernetesObject | undefined) =>
    object && Object.entries(managedBy).some(([key, value]) => object.metadata?.labels?.[key] !== value);
  const found = [...(theirs(deployment) ? ["deployment"] : []), ...(theirs(service) ? ["service"] : [])];
  return found.map(
    (kind) =>
      `standalone.namespace: "${namespace}" has a ${kind} "${standaloneName}" that no such stack made; ` +
      `name another namespace, or delete that ${kind}`,
  );
}

// Without pods there is no emptyDir; on a claim images stay whoever runs.
function running({ deployment }: LiveStandalone) {
  const isDown = deployment?.spec?.replicas === 0;
  return isDown && storageInUse(deployment)?.emptyDir ? undefined : deployment;
}

function tlsProblems({ certificate }: LiveStandalone, plan: StandalonePlan): string[] {
  const { tlsSecret, namespace, managementState } = plan;
  if (tlsSecret === undefined || managementState !== "Managed" || certificate) return [];
  return [
    `standalone.tlsSecret: namespace ${namespace} has no Secret "${tlsSecret}" with tls.crt and tls.key; make it first: ` +
      `kubectl -n ${namespace} create secret tls ${tlsSecret} --cert=FILE --key=FILE`,
  ];
}

function serves(live: LiveStandalone, plan: StandalonePlan): boolean {
  const { nodeSelector } = live.deployment?.spec?.template.spec ?? {};
  return (
    unfinishedStandalone(live, plan).length === 0 &&
    isDeepStrictEqual(nodeSelector ?? {}, plan.placement.nodeSelector)
  );
}

function troubles(live: LiveStandalone, plan: StandalonePlan): string[] {
  const { deployment, pods } = live;
  const inUse = storageInUse(deployment);
  // What the plan changes is no trouble yet: the live registry is measured by what it was asked last.
  const asked = {
    ...plan,
    managementState: deployment?.spec?.replicas === 0 ? ("Removed" as const) : ("Managed" as const),
    replicas: deployment?.spec?.replicas ?? 0,
    storage: inUse ?? {},
  };
  const waiting = deployment ? unfinishedStandalone(live, asked) : [];
  if (waiting.length === 0) return [];
  const conditions = standaloneConditions(live)
    .filter(({ type, status }) => (type === "ReplicaFailure" ? status === "True" : status !== "True"))
    .map(describeCondition);
  const lines = new Set([...waiting, ...conditions, ...podProblems(pods)]);
  return [`the live registry has not converged:\n${[...lines].map((line) => `  ${line}`).join("\n")}`];
}

function restarts(live: LiveStandalone, plan: StandalonePlan, wanted: DeploymentSpec): string[] {
  const { spec } = running(live) ?? {};
  const inUse = storageInUse(running(live));
  const stays = inUse?.emptyDir && sameStore(inUse, plan.storage) && plan.managementState === "Managed";
  if (!stays || revisionOf(spec) === revisionOf(wanted)) return [];
  return [`the registry's pods restart, and the images in their ${describeStorage(inUse)} are lost`];
}

function keptNamespace(live: LiveStandalone, plan: StandalonePlan): string[] {
  if (plan.managementState !== "Removed" || !isOwnNamespace(live) || !holdsOthersClaims(live, plan))
    return [];
  return [`destroy will leave namespace ${plan.namespace}: it holds claims that this stack did not make`];
}
