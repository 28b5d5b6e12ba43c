import type { V1PersistentVolume, V1PersistentVolumeClaim, V1StorageClass } from "@kubernetes/client-node";
import { storageInUse } from "../backends/stores";
import type { ClusterClient } from "../kubernetes/client";
import type { RegistryPlan } from "./plan";
import type { LiveRegistry, Rollout } from "./platform";

/** The claims, with the volume behind the claim that the stack asks for and the one behind that which the pods use now. */
export async function readVolumes(
  client: ClusterClient,
  { backend, storage }: Pick<RegistryPlan, "backend" | "storage">,
  { deployment }: Rollout,
  claims: V1PersistentVolumeClaim[],
): Promise<Pick<LiveRegistry, "claims" | "classes" | "volume" | "volumeInUse">> {
  const behind = (claimName: string | undefined) =>
    claims.find(({ metadata }) => metadata?.name === claimName)?.spec?.volumeName;
  const wanted = backend.needs?.volume?.volumeName ?? behind(storage.pvc?.claim);
  const bound = behind(storageInUse(deployment)?.pvc?.claim);
  const read = (name: string | undefined) =>
    name ? client.get<V1PersistentVolume>("v1", "PersistentVolume", name) : undefined;
  const [volume, classes = []] = await Promise.all([
    read(wanted),
    backend.needs?.claim ? client.list<V1StorageClass>("storage.k8s.io/v1", "StorageClass") : [],
  ]);
  return { claims, classes, volume, volumeInUse: bound === wanted ? volume : await read(bound) };
}
