import type { Configuration } from "../config/schema";
import { withoutBlanks } from "../kubernetes/blank";
import type { Backend, SeenPod, Store } from "./backend";

/** Where the operator, and a registry of the stack's own, look for keys that a user gives. */
export const s3Secret = {
  name: "image-registry-private-configuration-user",
  accessKey: "REGISTRY_STORAGE_S3_ACCESSKEY",
  secretKey: "REGISTRY_STORAGE_S3_SECRETKEY",
} as const;

export const s3Store: Store<"s3"> = {
  key: "s3",
  describe: ({ bucket = "", regionEndpoint }) =>
    `s3 bucket "${bucket}"${regionEndpoint ? ` at ${regionEndpoint}` : ""}`,
  inUse: (pod) => {
    if (pod.driver !== "s3" || isIbm(pod)) return undefined;
    const regionEndpoint = pod.setting("S3_REGIONENDPOINT");
    return { bucket: pod.setting("S3_BUCKET"), ...(regionEndpoint && { regionEndpoint }) };
  },
  forPod: ({ bucket, region, regionEndpoint, virtualHostedStyle, encrypt, keyID, chunkSizeMiB }) => ({
    environment: {
      REGISTRY_STORAGE: "s3",
      // Names of digits alone would be read as numbers.
      REGISTRY_STORAGE_S3_BUCKET: JSON.stringify(bucket),
      REGISTRY_STORAGE_S3_REGION: JSON.stringify(region),
      REGISTRY_STORAGE_S3_REGIONENDPOINT: regionEndpoint,
      REGISTRY_STORAGE_S3_FORCEPATHSTYLE: regionEndpoint && !virtualHostedStyle ? "true" : undefined,
      REGISTRY_STORAGE_S3_ENCRYPT: encrypt ? "true" : undefined,
      REGISTRY_STORAGE_S3_KEYID: keyID,
      REGISTRY_STORAGE_S3_CHUNKSIZE: chunkSizeMiB === undefined ? undefined : String(chunkSizeMiB * 2 ** 20),
    },
    secrets: { secretName: s3Secret.name, names: [s3Secret.accessKey, s3Secret.secretKey] },
  }),
};

/** To the registry, IBM's store is S3; its address tells it. */
export function isIbm({ driver, setting }: SeenPod): boolean {
  const endpoint = setting("S3_REGIONENDPOINT");
  return driver === "s3" && endpoint?.endsWith(".cloud-object-storage.appdomain.cloud") === true;
}

/** A bucket of S3, or of a store that speaks it. Without keys the operator has its own. */
export function s3({
  s3: section,
  s3AccessKey,
  s3SecretKey,
}: Pick<Configuration, "s3" | "s3AccessKey" | "s3SecretKey">): Backend {
  const { trustedCA, ...fields }: Partial<NonNullable<typeof section>> = section ?? {};
  const asked = {
    ...fields,
    // What it gave is in the other fields.
    objectBucketClaim: undefined,
    encrypt: fields.encrypt ?? fields.regionEndpoint === undefined,
    ...(trustedCA && { trustedCA: { name: trustedCA } }),
  };
  return {
    name: "s3",
    storage: { s3: withoutBlanks(asked) },
    ...(s3AccessKey !== "" && { needs: { s3Keys: { accessKey: s3AccessKey, secretKey: s3SecretKey } } }),
  };
}
