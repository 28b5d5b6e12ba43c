import { quantityValue } from "../kubernetes/quantity";
import { reservation } from "./claim-repair";
import type { LiveRegistry } from "../platforms/operator/live";
import type { ManagementState } from "../platforms/operator/registry";

/** The statically bound pair that RegistryStorage makes: one volume, reserved for one claim. */
export interface ClaimPlan {
  readonly managementState: ManagementState;
  /** Of the claim. */
  readonly namespace: string;
  readonly claimName: string;
  readonly volumeName: string;
  /** Kubernetes quantity. */
  readonly size: string;
  readonly accessModes: readonly string[];
  readonly nfs: { readonly server: string; readonly path: string };
}

type LiveClaims = Pick<LiveRegistry, "claims" | "volume">;

/** Why the volume and claim found on the cluster would not become the planned pair: none of it heals by waiting. */
export function claimConflicts(live: LiveClaims, plan: ClaimPlan): string[] {
  return [...volumeConflicts(live, plan), ...existingClaimConflicts(live, plan)];
}

/** What was done to the pair by hand, and what the next up does about it. */
export function claimRepairs(live: LiveClaims, plan: ClaimPlan): string[] {
  const { volume } = live;
  const claim = claimOf(live, plan);
  const images = `the images are untouched at ${plan.nfs.server}:${plan.nfs.path}`;
  const repairs: string[] = [];
  if (volume?.metadata?.deletionTimestamp && claim) {
    repairs.push(
      `nfs: volume "${plan.volumeName}" is being deleted, and goes with claim "${plan.claimName}"; ${images}`,
    );
  }
  if (reservation(volume, claim) === null) {
    repairs.push(
      `nfs: volume "${plan.volumeName}" is left over from a deleted claim (phase ${volume?.status?.phase}); ` +
        `will free it for claim "${plan.claimName}"; ${images}`,
    );
  }
  if (claim?.status?.phase === "Lost") {
    repairs.push(
      `nfs: claim "${plan.claimName}" is Lost, because its volume was deleted; will give it volume "${plan.volumeName}" again; ${images}`,
    );
  }
  return repairs;
}

/** Whether the claim must be made anew, or made to find its volume again. */
export function claimNeedsStep(live: LiveClaims, plan: Pick<ClaimPlan, "claimName">): boolean {
  const claim = claimOf(live, plan);
  return !claim || claim.status?.phase === "Lost" || reservation(live.volume, claim) !== undefined;
}

function claimOf({ claims }: LiveClaims, { claimName }: Pick<ClaimPlan, "claimName">) {
  return claims.find(({ metadata }) => metadata?.name === claimName);
}

function volumeConflicts(live: LiveClaims, plan: ClaimPlan): string[] {
  const { volume } = live;
  if (!volume) return [];
  const name = `volume "${plan.volumeName}"`;
  const source = volume.spec?.nfs;
  if (source?.server !== plan.nfs.server || source.path !== plan.nfs.path) {
    return [
      `nfs: ${name} exists and points to ${source ? `${source.server}:${source.path}` : "something other than NFS"}, not to ` +
        `${plan.nfs.server}:${plan.nfs.path}; a volume's source cannot change: set nfs.volumeName and nfs.claimName to new names`,
    ];
  }
  const claim = volume.spec?.claimRef;
  if (claim && (claim.namespace !== plan.namespace || claim.name !== plan.claimName)) {
    return [
      `nfs.volumeName: ${name} is reserved for claim ${claim.namespace}/${claim.name}, not for ` +
        `${plan.namespace}/${plan.claimName}; set nfs.volumeName to a new name`,
    ];
  }
  if (volume.metadata?.deletionTimestamp && !claimOf(live, plan))
    return [`nfs.volumeName: ${name} is being deleted; run again when it is gone`];
  return [];
}

function existingClaimConflicts(live: LiveClaims, plan: ClaimPlan): string[] {
  const claim = claimOf(live, plan);
  if (!claim) return [];
  const name = `claim "${plan.claimName}"`;
  const conflicts: string[] = [];
  if (claim.spec?.volumeName && claim.spec.volumeName !== plan.volumeName) {
    conflicts.push(
      `nfs.claimName: ${name} is bound to volume "${claim.spec.volumeName}", not to "${plan.volumeName}"; ` +
        `set nfs.claimName to a new name, or use it as it is with backend: "pvc"`,
    );
  }
  if (claim.metadata?.deletionTimestamp && plan.managementState !== "Removed") {
    conflicts.push(
      `nfs.claimName: ${name} is being deleted, and goes when no pod uses it; that cannot be taken back. Set managementState to ` +
        `Removed and pulumi up, then back and pulumi up: it is made anew, and the images stay at ${plan.nfs.server}:${plan.nfs.path}`,
    );
  }
  // Absent and empty differ: an absent class was filled in with the cluster's default when the claim was made.
  if (claim.spec?.storageClassName) {
    conflicts.push(
      `nfs.claimName: ${name} asks for storage class "${claim.spec.storageClassName}" and binds to no volume made here; ` +
        `set nfs.claimName to a new name, or use it as it is with backend: "pvc"`,
    );
  }
  const modes = claim.spec?.accessModes ?? [];
  if ([...modes].sort().join() !== [...plan.accessModes].sort().join()) {
    conflicts.push(
      `nfs.accessModes: ${name} has ${modes.join(", ")}, asked is ${plan.accessModes.join(", ")}; ` +
        `a claim's access modes cannot change: set nfs.claimName and nfs.volumeName to new names`,
    );
  }
  const size = claim.spec?.resources?.requests?.["storage"];
  if (size !== undefined && quantityValue(size) !== quantityValue(plan.size)) {
    conflicts.push(
      `nfs.size: ${name} has ${size}, asked is ${plan.size}; a claim on a static volume cannot be resized, and NFS does not ` +
        `enforce the size: keep ${size}, or set nfs.claimName and nfs.volumeName to new names`,
    );
  }
  return conflicts;
}
