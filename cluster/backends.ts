import type { V1Deployment } from "@kubernetes/client-node";
import type { Storage } from "./registry-types";

/** The storage backends of the Config CRD (`spec.storage`); its other key, managementState, is not one. */
export const backendNames = ["emptyDir", "pvc", "s3", "azure", "gcs", "swift", "oss", "ibmcos"] as const;
export type BackendName = (typeof backendNames)[number];

/** The backends that a storage object holds; the operator serves only when there is exactly one. */
export function backendsOf(storage: Storage | undefined): BackendName[] {
  return backendNames.filter((name) => storage?.[name] !== undefined && storage[name] !== null);
}

/** The backends on the cluster that the wanted storage has no place for. */
export function foreignBackends(live: Storage | undefined, wanted: Storage): BackendName[] {
  return backendsOf(live).filter((name) => wanted[name] === undefined);
}

/** One line for people: `emptyDir`, `pvc "image-registry-storage"`, `s3 bucket "images"`. */
export function describeStorage(storage: Storage): string {
  const described = backendsOf(storage).map((name) => {
    if (name === "pvc") return `pvc "${storage.pvc?.claim ?? ""}"`;
    if (name === "s3") {
      const { bucket = "", regionEndpoint } = storage.s3 ?? {};
      return `s3 bucket "${bucket}"${regionEndpoint ? ` at ${regionEndpoint}` : ""}`;
    }
    return name;
  });
  return described.join(" and ") || "none";
}

/** Whether two storage objects keep images in the same place. */
export function sameStore(one: Storage, other: Storage): boolean {
  return describeStorage(one) === describeStorage(other);
}

/**
 * The storage that the registry's pods really use, read off the Deployment: spec says what is wanted and status
 * what was last reported, but images are where the pods write them.
 */
export function storageInUse(deployment: V1Deployment | undefined): Storage | undefined {
  const pod = deployment?.spec?.template.spec;
  if (!pod) return undefined;
  const volume = pod.volumes?.find(({ name }) => name === "registry-storage");
  if (volume?.emptyDir) return { emptyDir: {} };
  if (volume?.persistentVolumeClaim) return { pvc: { claim: volume.persistentVolumeClaim.claimName } };
  const env = new Map(pod.containers[0]?.env?.map(({ name, value }) => [name, value]));
  const driver = env.get("REGISTRY_STORAGE");
  if (driver === "s3") {
    // The operator writes values as YAML, so a bucket of digits comes in quotes.
    const value = (name: string) => env.get(`REGISTRY_STORAGE_S3_${name}`)?.replace(/^"(.*)"$/, "$1");
    const regionEndpoint = value("REGIONENDPOINT");
    return { s3: { bucket: value("BUCKET"), ...(regionEndpoint && { regionEndpoint }) } };
  }
  const backend = backendNames.find((name) => name === driver);
  return backend && { [backend]: {} };
}

/**
 * The merge patch that makes `wanted` the only backend and takes away other fields. Server-side apply cannot do it: it
 * leaves what another manager set, and the operator then refuses two backends. One write, so the object never has
 * none or both.
 */
export function evictionPatch(
  foreign: BackendName[],
  wanted: Storage,
  fields: readonly string[],
): { spec: object } {
  const nothing = (names: readonly string[]) => Object.fromEntries(names.map((name) => [name, null]));
  return { spec: { ...nothing(fields), storage: { ...nothing(foreign), ...wanted } } };
}
