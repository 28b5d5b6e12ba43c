import type { V1PersistentVolumeClaim } from "@kubernetes/client-node";
import { UserError } from "../errors";
import { backendsOf, describeStorage, foreignBackends, sameStore, storageInUse } from "./backends";
import { type ClaimPlan, claimConflicts } from "./claim-preflight";
import { conditionsOf, describeCondition, podProblems, unfinished } from "./convergence";
import type { LiveRegistry } from "./live-registry";
import { eligibleNodes, type Placement, whyNot } from "./nodes";
import type { ManagementState, RolloutStrategy, Storage } from "./registry-types";

/** What the stack is about to ask of the registry, as far as it can be checked against the live cluster. */
export interface RegistryPlan {
  readonly managementState: ManagementState;
  readonly replicas: number;
  readonly rolloutStrategy: RolloutStrategy;
  readonly storage: Storage;
  /** The volume and claim that the stack makes itself (backend nfs). */
  readonly claim?: ClaimPlan;
  /** Where the pods will go: what the CR's nodeSelector and tolerations will be. */
  readonly placement: Placement;
  /** Pods of two replicas repel each other unless the stack brings an affinity of its own. */
  readonly ownAffinity: boolean;
  /** Nodes that this run labels as infra nodes itself. */
  readonly nodesToLabel: readonly string[];
  /** The user says that leaving a backend with its images is meant. */
  readonly acceptImageLoss: boolean;
}

export interface Findings {
  /** What would break or lose something: the run ends before anything is touched. */
  readonly errors: string[];
  /** What is wrong now, or about to be changed by force. */
  readonly warnings: string[];
}

/** Compares the plan with the live cluster. Pure: the same snapshot gives the same findings. */
export function preflight(live: LiveRegistry, plan: RegistryPlan): Findings {
  return {
    errors: [...imageLoss(live, plan), ...claimProblems(live, plan), ...nodeProblems(live, plan)],
    warnings: [...evictions(live, plan), ...troubles(live)],
  };
}

/** Throws all errors as one, so that a user mends them in one go. */
export function assertPreflight({ errors }: Findings): void {
  if (errors.length)
    throw new UserError(`nothing was changed:\n${errors.map((error) => `  - ${error}`).join("\n")}`);
}

function imageLoss(live: LiveRegistry, plan: RegistryPlan): string[] {
  const inUse = storageInUse(live.deployment);
  if (!inUse || plan.acceptImageLoss || plan.managementState === "Unmanaged" || live.holdsImages === false)
    return [];
  const known = live.holdsImages ? "" : " (the cluster does not say whether any were pushed)";
  if (plan.managementState === "Removed") {
    if (!inUse.emptyDir) return [];
    return [
      `managementState: "Removed" deletes the pods, and with them the images in their emptyDir${known}; ` +
        `copy them elsewhere, or say acceptImageLoss: true`,
    ];
  }
  if (sameStore(inUse, plan.storage)) return [];
  return [
    `backend: the registry now keeps its images in ${describeStorage(inUse)}, and ${describeStorage(plan.storage)} would not have ` +
      `them${known}; copy them over first, or say acceptImageLoss: true`,
  ];
}

function claimProblems(live: LiveRegistry, plan: RegistryPlan): string[] {
  if (plan.claim) return claimConflicts(live, plan.claim);
  const name = plan.storage.pvc?.claim;
  if (name === undefined || plan.managementState !== "Managed") return [];
  const claim = live.claims.find(({ metadata }) => metadata?.name === name);
  if (!claim) {
    const others = live.claims.map(({ metadata }) => `"${metadata?.name}"`).join(", ") || "none";
    return [
      `pvc.claim: "${name}" does not exist in namespace openshift-image-registry (claims there: ${others}); create it first`,
    ];
  }
  return accessModeProblems(claim, plan);
}

// The operator's own rule for claims (its pkg/storage/pvc): otherwise it stops with Progressing=True/Error.
function accessModeProblems(claim: V1PersistentVolumeClaim, plan: RegistryPlan): string[] {
  const modes = claim.spec?.accessModes ?? [];
  const name = `pvc.claim: "${claim.metadata?.name}"`;
  if (claim.status?.phase === "Lost")
    return [`${name} is Lost: its volume is gone; restore the volume or name another claim`];
  if (modes.includes("ReadWriteMany")) return [];
  if (!modes.includes("ReadWriteOnce")) {
    return [
      `${name} has access modes ${modes.join(", ")}; the registry needs ReadWriteMany or ReadWriteOnce`,
    ];
  }
  const problems: string[] = [];
  if (plan.replicas > 1)
    problems.push(`replicas: ${plan.replicas}, but ${name} is ReadWriteOnce, which serves 1 replica`);
  if (plan.rolloutStrategy !== "Recreate") {
    problems.push(
      `rolloutStrategy: "${plan.rolloutStrategy}", but ${name} is ReadWriteOnce, which needs "Recreate"`,
    );
  }
  return problems;
}

function nodeProblems(live: LiveRegistry, plan: RegistryPlan): string[] {
  if (plan.managementState !== "Managed") return [];
  const labels = plan.placement.nodeSelector;
  const nodes = live.nodes.map((node) =>
    plan.nodesToLabel.includes(node.metadata?.name ?? "")
      ? { ...node, metadata: { ...node.metadata, labels: { ...node.metadata?.labels, ...labels } } }
      : node,
  );
  const unknown = plan.nodesToLabel.filter(
    (name) => !live.nodes.some(({ metadata }) => metadata?.name === name),
  );
  if (unknown.length) return unknown.map((name) => `placement.nodes: the cluster has no node "${name}"`);
  const needed = plan.replicas === 2 && !plan.ownAffinity ? 2 : 1;
  const eligible = eligibleNodes(nodes, plan.placement);
  if (eligible.length >= needed) return [];
  const selector =
    Object.entries(labels)
      .map(([key, value]) => `${key}=${value}`)
      .join(",") || "any";
  const reasons = nodes.map((node) => `${node.metadata?.name} ${whyNot(node, plan.placement) ?? "can"}`);
  return [
    `replicas: ${plan.replicas} need ${needed} node${needed > 1 ? "s (the operator keeps two replicas apart)" : ""}, and ` +
      `${eligible.length} can take the registry's pods (nodeSelector ${selector}): ${reasons.join("; ")}`,
  ];
}

function evictions(live: LiveRegistry, plan: RegistryPlan): string[] {
  const foreign = foreignBackends(live.config.spec.storage, plan.storage);
  if (foreign.length === 0) return [];
  return [
    `will evict ${foreign.join(", ")} from spec.storage of the live registry: ${describeStorage(plan.storage)} is to be its only backend`,
  ];
}

function troubles(live: LiveRegistry): string[] {
  const waiting = unfinished(live);
  if (waiting.length === 0) return [];
  const held = backendsOf(live.config.spec.storage).length;
  const conditions = conditionsOf(live.config)
    .filter(({ type, status }) =>
      type === "Available" || type === "StorageExists" ? status !== "True" : status === "True",
    )
    .map(describeCondition);
  const lines = new Set([...waiting, ...conditions, ...podProblems(live.pods)]);
  return [
    `the live registry has not converged (${held} storage backend${held === 1 ? "" : "s"}):\n${[...lines].map((line) => `  ${line}`).join("\n")}`,
  ];
}
