import type { V1PersistentVolume, V1PersistentVolumeClaim, V1StorageClass } from "@kubernetes/client-node";
import { volumeToCome } from "../backends/class-claim";
import { storageInUse } from "../backends/stores";
import { type ClusterClient, ClusterError } from "../kubernetes/client";
import { roomOfClaim } from "../kubernetes/volume-stats";
import type { RegistryPlan } from "./plan";
import type { LiveRegistry, Rollout } from "./platform";

/** The claims, with the volume behind the claim that the stack asks for and the one behind that which the pods use now. */
export async function readVolumes(
  client: ClusterClient,
  { backend, storage }: Pick<RegistryPlan, "backend" | "storage">,
  { deployment, pods }: Rollout,
  claims: V1PersistentVolumeClaim[],
): Promise<Pick<LiveRegistry, "claims" | "classes" | "room" | "volume" | "volumeToCome" | "volumeInUse">> {
  const claimNamed = (name: string | undefined) =>
    claims.find(({ metadata }) => name && metadata?.name === name);
  const boundTo = (name: string | undefined) => claimNamed(name)?.spec?.volumeName;
  const claimInUse = storageInUse(deployment)?.pvc?.claim;
  const inUse = boundTo(claimInUse);
  const wanted = backend.needs?.volume?.volumeName ?? boundTo(storage.pvc?.claim);
  const isPending = claimNamed(storage.pvc?.claim)?.status?.phase === "Pending";
  const names = [...new Set([inUse, wanted])].filter((name) => name !== undefined);
  const [room, classes = [], ...volumes] = await Promise.all([
    claimInUse === undefined ? undefined : roomOfClaim(client, claimInUse, pods),
    backend.needs?.claim ? readClasses(client) : isPending ? readClasses(client).catch(noneIfForbidden) : [],
    ...names.map((name) => client.get<V1PersistentVolume>("v1", "PersistentVolume", name)),
  ]);
  const found = (name: string | undefined) =>
    volumes.find(({ metadata } = {}) => metadata?.name === name && name);
  const named = storage.pvc?.claim;
  // No class makes the volume that the stack makes itself.
  const claim = backend.needs?.volume ? undefined : (backend.needs?.claim ?? (named && { claimName: named }));
  return {
    claims,
    classes,
    room,
    volume: found(wanted),
    volumeToCome: claim ? volumeToCome({ claims, classes }, claim) : undefined,
    volumeInUse: found(inUse),
  };
}

function readClasses(client: ClusterClient): Promise<V1StorageClass[] | undefined> {
  return client.list<V1StorageClass>("storage.k8s.io/v1", "StorageClass");
}

/** Whoever may not read them is told less. */
function noneIfForbidden(error: unknown): V1StorageClass[] {
  if (error instanceof ClusterError && error.code === 403) return [];
  throw error;
}
