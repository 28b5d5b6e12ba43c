import type { V1PersistentVolume, V1PersistentVolumeClaim } from "@kubernetes/client-node";
import type { ClaimPlan } from "./nfs";
import { ClusterClient, type ClusterConnection } from "../kubernetes/client";

type Names = Pick<ClaimPlan, "namespace" | "claimName" | "volumeName">;

/** What the volume is reserved for by uid must become: the claim's uid, none (null), or what it is (undefined). */
export function reservation(
  volume: V1PersistentVolume | undefined,
  claim: V1PersistentVolumeClaim | undefined,
): string | null | undefined {
  const { uid } = volume?.spec?.claimRef ?? {};
  if (!volume || uid === claim?.metadata?.uid) return undefined;
  // A claim that was bound once takes back only a volume that names it by its uid.
  if (claim?.status?.phase === "Lost") return claim.metadata?.uid;
  return uid === undefined ? undefined : null;
}

/**
 * Lets the volume and the claim find each other, by the one field that Kubernetes never mends: a volume stays reserved
 * for the uid of a claim that was deleted, and a claim stays Lost beside a volume that does not name its uid.
 */
export async function reserveVolume(
  connection: ClusterConnection,
  { namespace, claimName, volumeName }: Names,
  fieldManager: string,
): Promise<string | undefined> {
  const client = new ClusterClient(connection);
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
