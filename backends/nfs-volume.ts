import type { V1PersistentVolume, V1PersistentVolumeClaim } from "@kubernetes/client-node";
import type { ClusterClient } from "../kubernetes/client";
import { quantityValue } from "../kubernetes/quantity";
import { sameModes } from "./access-modes";
import type { Asked, FoundStorage, NfsVolume } from "./backend";
import type { NfsClaimFinding, NfsVolumeFinding, StoreFinding } from "./finding";

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
export function conflictsOf(found: Found, wanted: NfsVolume, asked: Asked): StoreFinding[] {
  return [...volumeConflicts(found, wanted, asked), ...claimConflicts(found, wanted, asked)];
}

/** What was done to the pair by hand, and what the next up does about it. */
export function repairsOf(
  found: Found,
  { claimName, volumeName: volume, nfs: images }: NfsVolume,
): StoreFinding[] {
  const { metadata, status } = found.volume ?? {};
  const claim = claimIn(found, claimName);
  const about = { field: "nfs", volume, claim: claimName, images } as const;
  const repairs: StoreFinding[] = [];
  if (metadata?.deletionTimestamp && claim) repairs.push({ kind: "volume goes with its claim", ...about });
  if (reservation(found.volume, claim) === null)
    repairs.push({ kind: "volume is left over", ...about, phase: status?.phase });
  if (claim?.status?.phase === "Lost") repairs.push({ kind: "nfs claim is lost", ...about });
  return repairs;
}

/** A change of the live volume that pods do not see until they mount it anew. */
export function changesUnseen(
  { volume }: Found,
  { volumeName, mountOptions: asked }: NfsVolume,
  { managementState }: Pick<Asked, "managementState">,
): StoreFinding[] {
  const is = volume?.spec?.mountOptions ?? [];
  const isMounted = volume?.status?.phase === "Bound" && managementState !== "Removed";
  if (!isMounted || is.join() === asked.join()) return [];
  return [{ kind: "mount options are unseen", field: "nfs.mountOptions", volume: volumeName, is, asked }];
}

/** Whether the claim must be made anew, or made to find its volume again. */
export function claimNeedsStep(found: Found, claimName: string): boolean {
  const claim = claimIn(found, claimName);
  return !claim || claim.status?.phase === "Lost" || reservation(found.volume, claim) !== undefined;
}

/**
 * Lets the volume and the claim find each other, by the one field that Kubernetes never mends: a volume stays reserved
 * for the uid of a claim that was deleted, and a claim stays Lost beside a volume that does not name its uid. Returns
 * what it did, if anything.
 */
export async function reserveVolume(
  client: ClusterClient,
  { namespace, claimName, volumeName }: Names & { readonly namespace: string },
  fieldManager: string,
): Promise<"freed" | "given back" | undefined> {
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
  return uid === null ? "freed" : "given back";
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

function volumeConflicts(
  found: Found,
  { nfs, claimName, volumeName: volume }: NfsVolume,
  { namespace }: Asked,
): NfsVolumeFinding[] {
  const { metadata, spec } = found.volume ?? {};
  if (!found.volume) return [];
  const source = spec?.nfs;
  if (source?.server !== nfs.server || source.path !== nfs.path)
    return [{ kind: "volume is elsewhere", field: "nfs", volume, is: source, asked: nfs }];
  const about = { field: "nfs.volumeName", volume } as const;
  if (source.readOnly) return [{ kind: "volume is read-only", ...about }];
  if (spec?.volumeMode === "Block") return [{ kind: "volume is a block device", ...about }];
  const { namespace: theirs = "", name = "" } = spec?.claimRef ?? {};
  if (spec?.claimRef && (theirs !== namespace || name !== claimName)) {
    const [is, asked] = [
      { namespace: theirs, name },
      { namespace, name: claimName },
    ];
    return [{ kind: "volume is reserved", ...about, is, asked }];
  }
  if (metadata?.deletionTimestamp && !claimIn(found, claimName)) return [{ kind: "volume goes", ...about }];
  return [];
}

function claimConflicts(found: Found, wanted: NfsVolume, asked: Asked): NfsClaimFinding[] {
  const { claimName, volumeName, accessModes, size, nfs } = wanted;
  const live = claimIn(found, claimName);
  if (!live) return [];
  const {
    volumeName: bound,
    storageClassName,
    volumeMode,
    accessModes: modes = [],
    resources,
  } = live.spec ?? {};
  const about = { field: "nfs.claimName", claim: claimName } as const;
  const conflicts: NfsClaimFinding[] = [];
  if (bound && bound !== volumeName)
    conflicts.push({ kind: "nfs claim is bound elsewhere", ...about, is: bound, asked: volumeName });
  if (live.metadata?.deletionTimestamp && asked.managementState !== "Removed")
    conflicts.push({ kind: "nfs claim goes", ...about, images: nfs });
  // Absent and empty differ: an absent class was filled in with the cluster's default when the claim was made.
  if (storageClassName) conflicts.push({ kind: "nfs claim has a class", ...about, is: storageClassName });
  if (volumeMode === "Block") conflicts.push({ kind: "nfs claim is a block device", ...about });
  if (!sameModes(modes, accessModes))
    conflicts.push({
      kind: "nfs claim's modes differ",
      field: "nfs.accessModes",
      claim: claimName,
      is: modes,
      asked: accessModes,
    });
  const is = resources?.requests?.["storage"];
  if (is !== undefined && quantityValue(is) !== quantityValue(size))
    conflicts.push({
      kind: "nfs claim's size differs",
      field: "nfs.size",
      claim: claimName,
      is,
      asked: size,
    });
  return conflicts;
}
