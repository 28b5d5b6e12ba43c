import type { V1PersistentVolume, V1PersistentVolumeClaim, V1StorageClass } from "@kubernetes/client-node";
import { storageInUse } from "../backends/stores";
import type { ClusterClient } from "../kubernetes/client";
import type { RegistryPlan } from "./plan";
import type { LiveRegistry, Rollout } from "./platform";

/** The claims, with the volume that the stack wants to make and the one behind the claim that the pods use now. */
export async function readVolumes(
  client: ClusterClient,
  { backend }: Pick<RegistryPlan, "backend">,
  { deployment }: Rollout,
  claims: V1PersistentVolumeClaim[],
): Promise<Pick<LiveRegistry, "claims" | "classes" | "volume" | "volumeInUse">> {
  const wanted = backend.needs?.volume?.volumeName;
  const inUse = storageInUse(deployment)?.pvc?.claim;
  const bound = claims.find(({ metadata }) => metadata?.name === inUse)?.spec?.volumeName;
  const read = (name: string | undefined) =>
    name ? client.get<V1PersistentVolume>("v1", "PersistentVolume", name) : undefined;
  const [volume, classes = []] = await Promise.all([
    read(wanted),
    backend.needs?.claim ? client.list<V1StorageClass>("storage.k8s.io/v1", "StorageClass") : [],
  ]);
  return { claims, classes, volume, volumeInUse: bound === wanted ? volume : await read(bound) };
}
