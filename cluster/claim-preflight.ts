import type { V1PersistentVolume } from "@kubernetes/client-node";
import { quantityValue } from "../hosts/quantity";
import type { LiveRegistry } from "./live-registry";

/** The statically bound pair that RegistryStorage makes: one volume, reserved for one claim. */
export interface ClaimPlan {
  /** Of the claim. */
  readonly namespace: string;
  readonly claimName: string;
  readonly volumeName: string;
  /** Kubernetes quantity. */
  readonly size: string;
  readonly accessModes: readonly string[];
  readonly nfs: { readonly server: string; readonly path: string };
}

/** Why the volume and claim found on the cluster would not become the planned pair: none of it heals by waiting. */
export function claimConflicts(live: Pick<LiveRegistry, "claims" | "volume">, plan: ClaimPlan): string[] {
  return [...volumeConflicts(live.volume, plan), ...existingClaimConflicts(live, plan)];
}

function volumeConflicts(volume: V1PersistentVolume | undefined, plan: ClaimPlan): string[] {
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
  if (volume.status?.phase === "Released" || volume.status?.phase === "Failed") {
    return [
      `nfs.volumeName: ${name} is left over from a deleted claim (phase ${volume.status.phase}) and binds to no other; its data is ` +
        `untouched at ${plan.nfs.server}:${plan.nfs.path}. Free it for the new claim with: ` +
        `oc patch pv ${plan.volumeName} --type json -p '[{"op":"remove","path":"/spec/claimRef/uid"}]'`,
    ];
  }
  return [];
}

function existingClaimConflicts({ claims }: Pick<LiveRegistry, "claims">, plan: ClaimPlan): string[] {
  const claim = claims.find(({ metadata }) => metadata?.name === plan.claimName);
  if (!claim) return [];
  const name = `claim "${plan.claimName}"`;
  const conflicts: string[] = [];
  if (claim.spec?.volumeName && claim.spec.volumeName !== plan.volumeName) {
    conflicts.push(
      `nfs.claimName: ${name} is bound to volume "${claim.spec.volumeName}", not to "${plan.volumeName}"; ` +
        `set nfs.claimName to a new name, or use it as it is with backend: "pvc"`,
    );
  }
  if (claim.status?.phase === "Lost")
    conflicts.push(`nfs.claimName: ${name} is Lost: its volume is gone; set nfs.claimName to a new name`);
  if (claim.metadata?.deletionTimestamp) {
    conflicts.push(
      `nfs.claimName: ${name} is being deleted; wait until it is gone, or set nfs.claimName to a new name`,
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
