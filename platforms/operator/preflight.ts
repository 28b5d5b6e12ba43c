import { isDeepStrictEqual } from "node:util";
import type { KubernetesObject } from "@kubernetes/client-node";
import type { Finding } from "../../backends/backend";
import { describeStorage, sameStore, storageInUse } from "../../backends/stores";
import { registryManager } from "../../kubernetes/field-managers";
import { appliedBy, ownedBy, ownedByOther } from "../../kubernetes/managed-fields";
import type { RegistryPlan } from "../plan";
import type { Findings, Trouble } from "../platform";
import { emptyDirReplaced, imageLoss, nodeFindings, reclaimWarnings } from "../preflight";
import { podTroubles } from "../rollout";
import { takeUpProblems } from "../store-drift";
import { changedFieldText } from "../text";
import { conditionsOf, isGood, unsettled } from "./convergence";
import { deploymentLags } from "./expected-deployment";
import type { LiveOperator } from "./live";
import { askedSpec } from "./plan";
import type { RegistryConfig } from "./registry";

export function preflight(live: LiveOperator, asked: RegistryPlan): Findings {
  const plan = { ...asked, ...effectivePlacement(live.config, asked) };
  const nodes = nodeFindings(live.nodes, plan, serves(live, plan));
  return {
    errors: [
      ...takeUpProblems(live, plan),
      ...imageLoss(live, plan),
      ...(plan.backend.problems?.(live, plan) ?? []),
      ...nodes.errors,
    ],
    warnings: [
      ...madeAnew(live),
      ...(plan.backend.warnings?.(live, plan) ?? []),
      ...nodes.warnings,
      ...reclaimWarnings(live, plan),
      ...emptyDirReplaced(live, asked, () => podChanges(live, asked)),
    ],
    trouble: troubleOf(live),
  };
}

/** What the CR will say of placement once the plan is applied: ours, and what others own and apply leaves in place. */
export function effectivePlacement(
  config: RegistryConfig,
  { placement, ownAffinity }: Pick<RegistryPlan, "placement" | "ownAffinity">,
): Pick<RegistryPlan, "placement" | "ownAffinity"> {
  const { spec } = config;
  const foreign = (...path: string[]) => ownedByOther(config, registryManager, ["spec", ...path]);
  const keys = Object.entries(spec.nodeSelector ?? {}).filter(([key]) => foreign("nodeSelector", key));
  // A list has one owner: ours replaces theirs.
  const theirs = foreign("tolerations") ? (spec.tolerations ?? []) : [];
  return {
    placement: {
      nodeSelector: { ...Object.fromEntries(keys), ...placement.nodeSelector },
      tolerations: placement.tolerations.length ? placement.tolerations : theirs,
    },
    ownAffinity: ownAffinity || (spec.affinity !== undefined && foreign("affinity")),
  };
}

/**
 * The http secret that the running pods know, whoever made it: they need not roll for another, which in an emptyDir would
 * cost them the images. Undefined where the stack is to make one.
 */
export function keptHttpSecret({
  config,
  deployment,
}: Pick<LiveOperator, "config" | "deployment">): string | undefined {
  const { httpSecret } = config.spec;
  const isOurs = appliedBy(config, registryManager)
    ? ownedBy(config, registryManager, ["spec", "httpSecret"])
    : deployment !== undefined;
  return httpSecret && isOurs ? httpSecret : undefined;
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
  const message =
    `the live Config holds nothing of this stack: it was deleted and made anew by the operator ` +
    `(managementState ${managementState}, storage ${describeStorage(storage)}); will write all of it again`;
  return [{ message }];
}

function timeOf({ metadata }: KubernetesObject): number {
  return new Date(metadata?.creationTimestamp ?? 0).getTime();
}

// Of another number of pods, or another way to replace them, no pod is replaced.
function podChanges({ config, deployment }: LiveOperator, plan: RegistryPlan): string[] {
  if (!deployment) return [];
  const httpSecret = keptHttpSecret({ config, deployment }) ?? "another";
  const spec = { ...config.spec, ...askedSpec(plan), httpSecret };
  return deploymentLags(spec, deployment)
    .filter(({ field }) => field !== "replicas" && field !== "rolloutStrategy")
    .map(changedFieldText);
}

function troubleOf(live: LiveOperator): Trouble | undefined {
  const lags = unsettled(live);
  if (lags.length === 0) return undefined;
  const conditions = conditionsOf(live).filter((condition) => !isGood(condition));
  return { lags, conditions, pods: podTroubles(live.pods) };
}
