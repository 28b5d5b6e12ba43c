import { isDeepStrictEqual } from "node:util";
import type { V1ConfigMap, V1Node, V1PersistentVolumeClaim } from "@kubernetes/client-node";
import { UserError } from "../errors";
import { backendsOf, describeStorage, sameStore, storageInUse } from "../backends/backend";
import { type ClaimPlan, claimConflicts, claimRepairs } from "../backends/nfs";
import { conditionsOf, describeCondition, podProblems, unfinished } from "./operator/convergence";
import type { LiveRegistry } from "./operator/live";
import { heldByAnother } from "./owning-stack";
import { eligibleNodes, type Placement, whyNot } from "../kubernetes/nodes";
import type { ManagementState, RolloutStrategy, Storage } from "./operator/registry";

/** What the stack is about to ask of the registry, as far as it can be checked against the live cluster. */
export interface RegistryPlan {
  /** Where the registry's pods and claims are. */
  readonly namespace: string;
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
  const unready = nodeProblems(live.nodes, plan, servesThePlan(live, plan));
  return {
    errors: [...imageLoss(live, plan), ...claimProblems(live, plan), ...unready.errors],
    warnings: [...(plan.claim ? claimRepairs(live, plan.claim) : []), ...troubles(live), ...unready.warnings],
  };
}

/** What the checks found, or that the registry is another stack's: all else would then be that stack's doing. */
export function findingsFor(
  stack: string,
  owningStack: V1ConfigMap | undefined,
  findings: () => Findings,
): Findings {
  const held = heldByAnother(owningStack, stack);
  return held === undefined ? findings() : { errors: [held], warnings: [] };
}

/** Throws all errors as one, so that a user mends them in one go. */
export function assertPreflight({ errors }: Findings): void {
  if (errors.length)
    throw new UserError(`nothing was changed:\n${errors.map((error) => `  - ${error}`).join("\n")}`);
}

export function imageLoss(
  live: Pick<LiveRegistry, "deployment" | "holdsImages" | "volumeInUse">,
  plan: RegistryPlan,
): string[] {
  const inUse = storageInUse(live.deployment);
  if (!inUse || plan.acceptImageLoss || plan.managementState === "Unmanaged" || live.holdsImages === false)
    return [];
  const known = live.holdsImages ? "" : " (the cluster does not say whether any were pushed)";
  if (plan.managementState === "Removed") {
    if (!inUse.emptyDir) return [];
    return [
      `managementState: "Removed" deletes the pods, and with them the images in their emptyDir${known}; ` +
        `copy them elsewhere first, then say acceptImageLoss: true`,
    ];
  }
  if (sameStore(inUse, plan.storage) || sameExport(live, inUse, plan)) return [];
  return [
    `backend: the registry now keeps its images in ${describeStorage(inUse)}, and ${describeStorage(plan.storage)} would not have ` +
      `them${known}; copy them over first, then say acceptImageLoss: true`,
  ];
}

// Two claims on one export have the same files.
function sameExport(
  { volumeInUse }: Pick<LiveRegistry, "volumeInUse">,
  inUse: Storage,
  { claim }: RegistryPlan,
): boolean {
  const nfs = volumeInUse?.spec?.nfs;
  return !!inUse.pvc && !!nfs && nfs.server === claim?.nfs.server && nfs.path === claim.nfs.path;
}

export function claimProblems(live: Pick<LiveRegistry, "claims" | "volume">, plan: RegistryPlan): string[] {
  if (plan.claim) return claimConflicts(live, plan.claim);
  const name = plan.storage.pvc?.claim;
  if (name === undefined || plan.managementState !== "Managed") return [];
  const claim = live.claims.find(({ metadata }) => metadata?.name === name);
  if (!claim) {
    const others = live.claims.map(({ metadata }) => `"${metadata?.name}"`).join(", ") || "none";
    return [
      `pvc.claim: "${name}" does not exist in namespace ${plan.namespace} (claims there: ${others}); create it first`,
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

export function nodeProblems(liveNodes: V1Node[], plan: RegistryPlan, served: boolean): Findings {
  const none = { errors: [], warnings: [] };
  if (plan.managementState !== "Managed") return none;
  const unknown = plan.nodesToLabel.filter(
    (name) => !liveNodes.some(({ metadata }) => metadata?.name === name),
  );
  if (unknown.length) {
    return { ...none, errors: unknown.map((name) => `placement.nodes: the cluster has no node "${name}"`) };
  }
  const nodes = liveNodes.map((node) => asLabelled(node, plan));
  const needed = plan.replicas === 2 && !plan.ownAffinity ? 2 : 1;
  const eligible = eligibleNodes(nodes, plan.placement).length;
  if (eligible >= needed) return none;
  const problem =
    `replicas: ${plan.replicas} need ${needed} node${needed > 1 ? "s (the operator keeps two replicas apart)" : ""}, and ` +
    `${eligible} can take the registry's pods (nodeSelector ${selectorText(plan)}): ${whyNotText(nodes, plan)}`;
  // Nodes are cordoned and rebooted one by one all the time: nothing is wrong as long as no pod has to move.
  return served ? { ...none, warnings: [problem] } : { ...none, errors: [problem] };
}

function asLabelled(node: V1Node, { nodesToLabel, placement }: RegistryPlan): V1Node {
  if (!nodesToLabel.includes(node.metadata?.name ?? "")) return node;
  const labels = { ...node.metadata?.labels, ...placement.nodeSelector };
  return { ...node, metadata: { ...node.metadata, labels } };
}

function servesThePlan({ config, deployment, pods }: LiveRegistry, plan: RegistryPlan): boolean {
  const inUse = storageInUse(deployment);
  const { nodeSelector } = plan.placement;
  return (
    unfinished({ config, deployment, pods }).length === 0 &&
    config.spec.replicas === plan.replicas &&
    inUse !== undefined &&
    sameStore(inUse, plan.storage) &&
    isDeepStrictEqual(config.spec.nodeSelector ?? {}, nodeSelector)
  );
}

function selectorText({ placement }: RegistryPlan): string {
  const labels = Object.entries(placement.nodeSelector).map(([key, value]) => `${key}=${value}`);
  return labels.join(",") || "any";
}

function whyNotText(nodes: V1Node[], { placement }: RegistryPlan): string {
  if (nodes.length === 0) return "no node has these labels";
  const shown = nodes.slice(0, 8).map((node) => `${node.metadata?.name} ${whyNot(node, placement) ?? "can"}`);
  const more = nodes.length - shown.length;
  return [...shown, ...(more > 0 ? [`and ${more} more`] : [])].join("; ");
}

function troubles(live: LiveRegistry): string[] {
  const waiting = unfinished(live);
  if (waiting.length === 0) return [];
  const held = backendsOf(live.config.spec.storage).length;
  const conditions = conditionsOf(live.config)
    .filter(({ type, status }) =>
      type.endsWith("Available") || type === "StorageExists" ? status !== "True" : status === "True",
    )
    .map(describeCondition);
  const lines = new Set([...waiting, ...conditions, ...podProblems(live.pods)]);
  return [
    `the live registry has not converged (${held} storage backend${held === 1 ? "" : "s"}):\n${[...lines].map((line) => `  ${line}`).join("\n")}`,
  ];
}
