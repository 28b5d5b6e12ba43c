import type { V1ConfigMap, V1Secret } from "@kubernetes/client-node";
import type { Configuration } from "../config/schema";
import { UserError } from "../errors";
import type { ClusterClient } from "../kubernetes/client";

/**
 * The configuration with the bucket, endpoint and keys of `s3.objectBucketClaim` in it. A bucket provisioner (ODF's NooBaa
 * or Ceph) writes them into a ConfigMap and a Secret that are named like the claim.
 *
 * @param namespace That of the registry, where a claim is looked for unless it names another.
 */
export async function withObjectBucket(
  config: Configuration,
  client: ClusterClient,
  namespace: string,
): Promise<Configuration> {
  const { s3, backend } = config;
  if (backend !== "s3" || s3?.objectBucketClaim === undefined) return config;
  const [name = "", place = namespace] = s3.objectBucketClaim.split("/").reverse();
  const [bucket, keys] = await Promise.all([
    client.get<V1ConfigMap>("v1", "ConfigMap", name, place),
    client.get<V1Secret>("v1", "Secret", name, place),
  ]);
  const { BUCKET_NAME, BUCKET_HOST, BUCKET_PORT, BUCKET_REGION } = bucket?.data ?? {};
  const [accessKey, secretKey] = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"].map((key) =>
    Buffer.from(keys?.data?.[key] ?? "", "base64").toString(),
  );
  if (!BUCKET_NAME || !BUCKET_HOST || !accessKey || !secretKey) {
    throw new UserError(
      `s3.objectBucketClaim: namespace ${place} has no ConfigMap and Secret "${name}" with a bucket and its keys; is the ` +
        `claim Bound? oc -n ${place} get objectbucketclaim ${name}`,
    );
  }
  return {
    ...config,
    s3: {
      ...s3,
      bucket: BUCKET_NAME,
      // Stores of a cluster's own have no regions, and the registry needs one.
      region: s3.region ?? (BUCKET_REGION || "us-east-1"),
      regionEndpoint: s3.regionEndpoint ?? endpointOf(BUCKET_HOST, BUCKET_PORT),
    },
    s3AccessKey: accessKey,
    s3SecretKey: secretKey,
  };
}

function endpointOf(host: string, port = "443"): string {
  return port === "80" ? `http://${host}` : port === "443" ? `https://${host}` : `https://${host}:${port}`;
}
