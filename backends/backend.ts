import type { V1Deployment } from "@kubernetes/client-node";
import type { Storage } from "../platforms/operator/registry";

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

/** What holds the images in an object store, by its key in the CRD. */
const holders: Partial<Record<BackendName, string>> = {
  azure: "container",
  gcs: "bucket",
  swift: "container",
  oss: "bucket",
  ibmcos: "bucket",
};

/** One line for people: `emptyDir`, `pvc "image-registry-storage"`, `s3 bucket "images"`. */
export function describeStorage(storage: Storage): string {
  const described = backendsOf(storage).map((name) => {
    if (name === "pvc") return `pvc "${storage.pvc?.claim ?? ""}"`;
    if (name === "s3") {
      const { bucket = "", regionEndpoint } = storage.s3 ?? {};
      return `s3 bucket "${bucket}"${regionEndpoint ? ` at ${regionEndpoint}` : ""}`;
    }
    const holder = holders[name];
    return holder ? `${name} ${holder} "${(storage[name] as Record<string, string>)[holder] ?? ""}"` : name;
  });
  return described.join(" and ") || "none";
}

/** Whether two storage objects keep images in the same place. */
export function sameStore(one: Storage, other: Storage): boolean {
  return describeStorage(one) === describeStorage(other);
}

// To the registry it is S3.
const ibmEndpoint = ".cloud-object-storage.appdomain.cloud";

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
  // The operator writes values as YAML, so a bucket of digits comes in quotes.
  const value = (name: string) => env.get(`REGISTRY_STORAGE_${name}`)?.replace(/^"(.*)"$/, "$1");
  if (driver === "s3") {
    const regionEndpoint = value("S3_REGIONENDPOINT");
    if (regionEndpoint?.endsWith(ibmEndpoint)) return { ibmcos: { bucket: value("S3_BUCKET") } };
    return { s3: { bucket: value("S3_BUCKET"), ...(regionEndpoint && { regionEndpoint }) } };
  }
  const backend = backendNames.find((name) => name === driver);
  const holder = backend && holders[backend];
  if (!backend || !holder) return backend && { [backend]: {} };
  const held = value(`${backend}_${holder}`.toUpperCase());
  return { [backend]: held === undefined ? {} : { [holder]: held } };
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
