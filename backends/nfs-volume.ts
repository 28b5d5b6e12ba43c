import type { V1PersistentVolume, V1PersistentVolumeClaim } from "@kubernetes/client-node";
import type { ClusterClient } from "../kubernetes/client";
import { quantityValue } from "../kubernetes/quantity";
import type { Asked, Finding, FoundStorage, NfsVolume } from "./backend";

type Found = Pick<FoundStorage, "claims" | "volume">;
type Names = Pick<NfsVolume, "claimName" | "volumeName">;

/** What the stack applies of the volume. */
export function volumeSpec<Nfs>(
  { claimName, size, accessModes, mountOptions, nfs }: Omit<NfsVolume, "nfs"> & { readonly nfs: Nfs },
  namespace: string,
) {
  return {
    capacity: { storage: size },
    accessModes: [...accessModes],
    persistentVolumeReclaimPolicy: "Retain",
    // Empty, not absent: an absent class would be the cluster's default, and match no claim of ours.
    storageClassName: "",
    claimRef: { apiVersion: "v1", kind: "PersistentVolumeClaim", namespace, name: claimName },
    mountOptions: [...mountOptions],
    nfs,
  };
}

/** What the stack applies of the claim. */
export function claimSpec({ volumeName, size, accessModes }: Omit<NfsVolume, "nfs" | "mountOptions">) {
  return {
    accessModes: [...accessModes],
    resources: { requests: { storage: size } },
    storageClassName: "",
    volumeName,
  };
}

/** Why the volume and claim found on the cluster would not become the pair that is asked: none of it heals by waiting. */
export function conflictsOf(found: Found, wanted: NfsVolume, asked: Asked): Finding[] {
  return [...volumeConflicts(found, wanted, asked), ...claimConflicts(found, wanted, asked)];
}

/** What was done to the pair by hand, and what the next up does about it. */
export function repairsOf(found: Found, { claimName, volumeName, nfs }: NfsVolume): Finding[] {
  const { volume } = found;
  const claim = claimIn(found, claimName);
  const images = `the images are untouched at ${nfs.server}:${nfs.path}`;
  const repairs: string[] = [];
  if (volume?.metadata?.deletionTimestamp && claim)
    repairs.push(`volume "${volumeName}" is being deleted, and goes with claim "${claimName}"; ${images}`);
  if (reservation(volume, claim) === null) {
    repairs.push(
      `volume "${volumeName}" is left over from a deleted claim (phase ${volume?.status?.phase}); ` +
        `will free it for claim "${claimName}"; ${images}`,
    );
  }
  if (claim?.status?.phase === "Lost") {
    repairs.push(
      `claim "${claimName}" is Lost, because its volume was deleted; will give it volume "${volumeName}" again; ${images}`,
    );
  }
  return repairs.map((message) => ({ field: "nfs", message }));
}

/** A change of the live volume that pods do not see until they mount it anew. */
export function changesUnseen(
  { volume }: Found,
  { volumeName, mountOptions }: NfsVolume,
  { managementState }: Pick<Asked, "managementState">,
): Finding[] {
  const is = volume?.spec?.mountOptions ?? [];
  const isMounted = volume?.status?.phase === "Bound" && managementState !== "Removed";
  if (!isMounted || is.join() === mountOptions.join()) return [];
  const message =
    `volume "${volumeName}" has [${is.join(", ")}], asked is [${mountOptions.join(", ")}]: pods that run keep the old ` +
    `ones until they are deleted and made anew`;
  return [{ field: "nfs.mountOptions", message }];
}

/** Whether the claim must be made anew, or made to find its volume again. */
export function claimNeedsStep(found: Found, claimName: string): boolean {
  const claim = claimIn(found, claimName);
  return !claim || claim.status?.phase === "Lost" || reservation(found.volume, claim) !== undefined;
}

/**
 * Lets the volume and the claim find each other, by the one field that Kubernetes never mends: a volume stays reserved
 * for the uid of a claim that was deleted, and a claim stays Lost beside a volume that does not name its uid. Returns
 * what it did, for people.
 */
export async function reserveVolume(
  client: ClusterClient,
  { namespace, claimName, volumeName }: Names & { readonly namespace: string },
  fieldManager: string,
): Promise<string | undefined> {
  const [volume, claim] = await Promise.all([
    client.get<V1PersistentVolume>("v1", "PersistentVolume", volumeName),
    client.get<V1PersistentVolumeClaim>("v1", "PersistentVolumeClaim", claimName, namespace),
  ]);
  const reservedFor = volume?.spec?.claimRef;
  const uid = reservation(volume, claim);
  if (uid === undefined || reservedFor?.namespace !== namespace || reservedFor.name !== claimName)
    return undefined;
  const object = {
    apiVersion: "v1",
    kind: "PersistentVolume",
    // With the version that was read, the API server refuses to write over a change that came between.
    metadata: { name: volumeName, resourceVersion: volume?.metadata?.resourceVersion ?? "" },
    spec: { claimRef: { uid, resourceVersion: null } },
  };
  await client.mergePatch(object, fieldManager);
  return uid === null
    ? `freed volume "${volumeName}" of a claim that was deleted`
    : `gave volume "${volumeName}" back to claim "${claimName}"`;
}

/** What the volume is reserved for by uid must become: the claim's uid, none (null), or what it is (undefined). */
function reservation(
  volume: V1PersistentVolume | undefined,
  claim: V1PersistentVolumeClaim | undefined,
): string | null | undefined {
  const { uid } = volume?.spec?.claimRef ?? {};
  if (!volume || uid === claim?.metadata?.uid) return undefined;
  // A claim that was bound once takes back only a volume that names it by its uid.
  if (claim?.status?.phase === "Lost") return claim.metadata?.uid;
  return uid === undefined ? undefined : null;
}

function claimIn({ claims }: Found, claimName: string) {
  return claims.find(({ metadata }) => metadata?.name === claimName);
}

function volumeConflicts(found: Found, wanted: NfsVolume, { namespace }: Asked): Finding[] {
  const { volume } = found;
  if (!volume) return [];
  const { nfs, claimName, volumeName } = wanted;
  const name = `volume "${volumeName}"`;
  const source = volume.spec?.nfs;
  if (source?.server !== nfs.server || source.path !== nfs.path) {
    const message =
      `${name} exists and points to ${source ? `${source.server}:${source.path}` : "something other than NFS"}, not to ` +
      `${nfs.server}:${nfs.path}; a volume's source cannot change: set nfs.volumeName and nfs.claimName to new names`;
    return [{ field: "nfs", message }];
  }
  const field = "nfs.volumeName";
  const cannot = source.readOnly
    ? "is mounted read-only (nfs.readOnly)"
    : volume.spec?.volumeMode === "Block" && "is a block device (volumeMode Block)";
  if (cannot) {
    const message = `${name} ${cannot}, which cannot change; delete that volume, or set nfs.volumeName to a new name`;
    return [{ field, message }];
  }
  const claim = volume.spec?.claimRef;
  if (claim && (claim.namespace !== namespace || claim.name !== claimName)) {
    const message =
      `${name} is reserved for claim ${claim.namespace}/${claim.name}, not for ` +
      `${namespace}/${claimName}; set nfs.volumeName to a new name`;
    return [{ field, message }];
  }
  if (volume.metadata?.deletionTimestamp && !claimIn(found, claimName))
    return [{ field, message: `${name} is being deleted; run again when it is gone` }];
  return [];
}

function claimConflicts(found: Found, wanted: NfsVolume, asked: Asked): Finding[] {
  const claim = claimIn(found, wanted.claimName);
  if (!claim) return [];
  const { claimName, volumeName, accessModes, size, nfs } = wanted;
  const name = `claim "${claimName}"`;
  const instead = `set nfs.claimName to a new name, or use it as it is with backend: "pvc"`;
  const conflicts: Finding[] = [];
  const conflict = (field: string, message: string) =>
    conflicts.push({ field: `nfs.${field}`, message: `${name} ${message}` });
  if (claim.spec?.volumeName && claim.spec.volumeName !== volumeName) {
    conflict(
      "claimName",
      `is bound to volume "${claim.spec.volumeName}", not to "${volumeName}"; ${instead}`,
    );
  }
  if (claim.metadata?.deletionTimestamp && asked.managementState !== "Removed") {
    conflict(
      "claimName",
      `is being deleted, and goes when no pod uses it; that cannot be taken back. Set managementState to ` +
        `Removed and pulumi up, then back and pulumi up: it is made anew, and the images stay at ${nfs.server}:${nfs.path}`,
    );
  }
  // Absent and empty differ: an absent class was filled in with the cluster's default when the claim was made.
  if (claim.spec?.storageClassName) {
    const storageClass = claim.spec.storageClassName;
    conflict(
      "claimName",
      `asks for storage class "${storageClass}" and binds to no volume made here; ${instead}`,
    );
  }
  if (claim.spec?.volumeMode === "Block")
    conflict("claimName", "asks for a block device (volumeMode Block); set nfs.claimName to a new name");
  const modes = claim.spec?.accessModes ?? [];
  if ([...modes].sort().join() !== [...accessModes].sort().join()) {
    conflict(
      "accessModes",
      `has ${modes.join(", ")}, asked is ${accessModes.join(", ")}; ` +
        `a claim's access modes cannot change: set nfs.claimName and nfs.volumeName to new names`,
    );
  }
  const live = claim.spec?.resources?.requests?.["storage"];
  if (live !== undefined && quantityValue(live) !== quantityValue(size)) {
    conflict(
      "size",
      `has ${live}, asked is ${size}; a claim on a static volume cannot be resized, and NFS does not ` +
        `enforce the size: keep ${live}, or set nfs.claimName and nfs.volumeName to new names`,
    );
  }
  return conflicts;
}
