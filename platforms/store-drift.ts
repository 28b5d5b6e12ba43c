import type { KubernetesObject, V1Secret } from "@kubernetes/client-node";
import { sizeOf } from "../backends/class-claim";
import { claimSpec, volumeSpec } from "../backends/nfs-volume";
import { s3Secret } from "../backends/s3";
import { type ClusterClient, unlessForbidden } from "../kubernetes/client";
import { s3Manager, stackManager, storageManager } from "../kubernetes/field-managers";
import type { Finding } from "./finding";
import { type AskedFields, type DriftedObject, fieldsLost, firstChanges } from "./field-drift";
import { isNobodys } from "./owning-stack";
import type { RegistryPlan } from "./plan";
import type { Drift } from "./observed";
import type { LiveRegistry } from "./platform";

/** What others set in the objects that the stack makes for its store, beside the registry itself. */

type Live = Pick<LiveRegistry, "claims" | "volume" | "s3Keys" | "owningStack">;
type Plan = Pick<RegistryPlan, "backend" | "namespace">;

export function storeDrift(live: Live, plan: Plan): Drift[] {
  return [...volumeDrift(live, plan), ...takenUp(live, plan)];
}

/** What others changed in the volume since the stack applied it: a policy that deletes, say. */
export function volumeDrift({ volume }: Pick<Live, "volume">, { backend, namespace }: Plan): Drift[] {
  const wanted = backend.needs?.volume;
  if (!volume || !wanted) return [];
  const asked = { spec: volumeSpec(wanted, namespace) };
  return fieldsLost(volume, storageManager, asked, named("PersistentVolume", volume));
}

/** What becomes of objects that somebody else made under the names of the stack's own. */
function takenUp(live: Live, { backend, namespace }: Plan): Drift[] {
  const { volume, claim, s3Keys } = backend.needs ?? {};
  const isLeft = isNobodys(live);
  const changes = (
    kind: string,
    object: KubernetesObject | undefined,
    manager: string,
    asked: AskedFields,
  ) => (object ? firstChanges(object, manager, asked, { ...named(kind, object), isLeft }) : []);
  const claimed = (name: string | undefined) => live.claims.find(({ metadata }) => metadata?.name === name);
  const [pairs, ofClass] = [claimed(volume?.claimName), claimed(claim?.claimName)];
  const size = claim && sizeOf(claim, ofClass);
  return [
    ...(volume
      ? [
          ...changes("PersistentVolume", live.volume, storageManager, {
            spec: volumeSpec(volume, namespace),
          }),
          ...changes("PersistentVolumeClaim", pairs, storageManager, { spec: claimSpec(volume) }),
        ]
      : []),
    ...changes("PersistentVolumeClaim", ofClass, storageManager, {
      spec: { resources: { requests: { storage: size } } },
    }),
    ...(s3Keys
      ? changes("Secret", live.s3Keys, s3Manager, { data: encoded(s3Keys) }).map(withoutValues)
      : []),
    ...changes("ConfigMap", live.owningStack, stackManager, { immutable: true }),
  ];
}

/** Why one of them cannot become what is asked. */
export function takeUpProblems(live: Pick<Live, "s3Keys">, { backend, namespace }: Plan): Finding[] {
  const keys = backend.needs?.s3Keys;
  const { s3Keys: secret } = live;
  if (!keys || !secret?.immutable) return [];
  const changed = Object.entries(encoded(keys)).some(([key, value]) => secret.data?.[key] !== value);
  return changed
    ? [{ kind: "keys cannot change", field: "s3AccessKey", secret: s3Secret.name, namespace }]
    : [];
}

/** The Secret with the keys of s3, where the stack asks for one; a user who may not see it is told nothing of it. */
export async function readS3Keys(client: ClusterClient, { backend, namespace }: Plan) {
  if (backend.name !== "s3" && !backend.needs?.s3Keys) return undefined;
  return unlessForbidden(client.get<V1Secret>("v1", "Secret", s3Secret.name, namespace));
}

function encoded({ accessKey, secretKey }: { readonly accessKey: string; readonly secretKey: string }) {
  const base64 = (text: string) => Buffer.from(text).toString("base64");
  return { [s3Secret.accessKey]: base64(accessKey), [s3Secret.secretKey]: base64(secretKey) };
}

function withoutValues({ kind, name, path, by, remedy }: Drift): Drift {
  return { kind, name, path, by, remedy, isSecret: true };
}

/** Items of a list come without their kind. */
export function named(kind: string, { metadata }: KubernetesObject): DriftedObject {
  return { kind, name: metadata?.name };
}
