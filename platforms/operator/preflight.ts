import { isDeepStrictEqual } from "node:util";
import type { KubernetesObject } from "@kubernetes/client-node";
import { sameStore, storageInUse } from "../../backends/stores";
import { registryManager } from "../../kubernetes/field-managers";
import { appliedBy } from "../../kubernetes/managed-fields";
import type { RegistryPlan } from "../plan";
import type { Finding, Findings, Reference } from "../finding";
import type { Trouble } from "../observed";
import { limitFindings } from "../limits";
import { nodeFindings } from "../node-findings";
import { ailments, imageLoss, reclaimWarnings, unfollowedRedirect } from "../preflight";
import { podTroubles } from "../rollout";
import { takeUpProblems } from "../store-drift";
import { conditionsOf, isGood, unsettled, unwell } from "./convergence";
import { keptImages, storageToBe } from "./images";
import type { LiveOperator } from "./live";
import { admitted, effectivePlacement, podToPlace } from "./pod";
import { operatorDeployment, registryNamespace } from "./registry";
import { keysFindings } from "./s3-keys";

export function preflight(live: LiveOperator, asked: RegistryPlan): Findings {
  const plan = { ...asked, placement: effectivePlacement(live.config, asked) };
  const kept = keptImages(live, plan);
  const isReplaced = kept.podChanges() !== undefined;
  const rolling = {
    serves: serves(live, plan) && !isReplaced,
    // Of more than one, the operator lets all but one be missing.
    keepsOld: plan.replicas === 1 && plan.rolloutStrategy === "RollingUpdate" && isReplaced,
  };
  const pod = podToPlace(live.config, asked, live);
  const nodes = nodeFindings(live, pod, plan, rolling);
  const idle = idleOperator(live, plan);
  const storage = storageToBe(live.config, asked);
  const images = imageLoss(kept, live, { ...plan, storage });
  return {
    errors: [
      ...takeUpProblems(live, plan),
      ...images.errors,
      ...(plan.backend.problems?.(live, plan) ?? []),
      ...live.missing.map(missing),
      ...nodes.errors,
      ...limitFindings(live, admitted(live.config, asked), plan, rolling),
      ...idle.filter(({ isScaledDown }) => isScaledDown),
    ],
    warnings: [
      ...madeAnew(live),
      ...(plan.backend.warnings?.(live, plan) ?? []),
      ...unfollowedRedirect(plan),
      ...keysFindings(live, plan),
      ...nodes.warnings,
      ...reclaimWarnings(live, plan),
      ...images.warnings,
      ...ailments(live, unwell(live)),
      ...idle.filter(({ isScaledDown }) => !isScaledDown),
    ],
    notes: images.notes,
    trouble: troubleOf(live),
  };
}

/** Nobody would follow the Config. */
function idleOperator({ operator }: LiveOperator, { managementState }: RegistryPlan) {
  if (!operator || managementState === "Unmanaged" || (operator.status?.availableReplicas ?? 0) > 0)
    return [];
  const isScaledDown = operator.spec?.replicas === 0;
  const about = { deployment: operatorDeployment, namespace: registryNamespace };
  return [{ kind: "operator does not run", ...about, isScaledDown } as const];
}

function missing(object: Reference): Finding {
  return { kind: "object is missing", field: object.field, platform: "operator", object };
}

function serves(live: LiveOperator, plan: RegistryPlan): boolean {
  const inUse = storageInUse(live.deployment);
  const { replicas, nodeSelector = {} } = live.config.spec;
  return (
    unsettled(live).length === 0 &&
    replicas === plan.replicas &&
    inUse !== undefined &&
    sameStore(inUse, plan.storage) &&
    isDeepStrictEqual(nodeSelector, plan.placement.nodeSelector)
  );
}

/** Says so when the Config is not the one this stack wrote to: it was deleted, and the operator made a blank one. */
function madeAnew({ config, owningStack }: LiveOperator): Finding[] {
  // Another stack's would have ended the run.
  if (!owningStack || appliedBy(config, registryManager)) return [];
  // An older one this stack has not come to yet: its first up ended before.
  if (timeOf(config) <= timeOf(owningStack)) return [];
  const { managementState, storage = {} } = config.spec;
  return [{ kind: "Config was made anew", managementState, storage }];
}

function timeOf({ metadata }: KubernetesObject): number {
  return new Date(metadata?.creationTimestamp ?? 0).getTime();
}

function troubleOf(live: LiveOperator): Trouble | undefined {
  const lags = unsettled(live);
  if (lags.length === 0) return undefined;
  const conditions = conditionsOf(live).filter((condition) => !isGood(condition));
  return { lags, conditions, pods: podTroubles(live.pods) };
}
