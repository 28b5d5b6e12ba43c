import { isIP } from "node:net";
import * as z from "zod";
import configSpec from "../crds/config-spec.json";
import type { Storage } from "../crds/fields";
import { isSubdomain } from "./labels";
import { asText, flag, integer, objectName } from "./values";

type CloudFront = NonNullable<NonNullable<Storage["s3"]>["cloudFront"]>;
const { cloudFront: cloudFrontSpec } = configSpec.properties.storage.properties.s3.properties;

const cloudFront = (
  z.fromJSONSchema(cloudFrontSpec as z.core.JSONSchema.JSONSchema) as z.ZodType<CloudFront>
).superRefine(({ baseURL, privateKey }, context) => {
  if (!URL.canParse(baseURL) || !/^https?:/.test(baseURL))
    context.addIssue({ code: "custom", path: ["baseURL"], message: "is not a URL with http:// or https://" });
  if (!privateKey.name)
    context.addIssue({
      code: "custom",
      path: ["privateKey", "name"],
      message: "is missing (the Secret that has the key)",
    });
});

/** Stores that speak S3 take more than AWS, but no path and no URL. */
const bucket = z.preprocess(
  asText,
  z
    .string()
    .min(3)
    .max(63)
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, "is not the name of a bucket; it has no URL and no path")
    .refine(
      (name) => !name.includes("..") && !isIP(name),
      "is not the name of a bucket, nor of a host, which it may become part of",
    ),
);

/** What came along from a file or a page, a line end or a letter that nobody sees, would be signed with. */
const isPlain = (text: string) => /^[\x21-\x7e]*$/.test(text);

export const s3Key = z
  .string()
  .refine(isPlain, "has a blank, a line end or a letter beyond ASCII in it, which no key has");

/** [NAMESPACE/]NAME */
const objectBucketClaim = z
  .string()
  .refine(
    (text) => text.split("/").length <= 2 && text.split("/").every(isSubdomain),
    "is not the name of an ObjectBucketClaim, NAME or NAMESPACE/NAME",
  );

export const s3Section = z
  .strictObject({
    objectBucketClaim: objectBucketClaim.optional(),
    bucket: bucket.optional(),
    region: z
      .preprocess(
        asText,
        z
          .string()
          .min(1)
          .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, "is not the name of a region, such as us-east-1"),
      )
      .optional(),
    regionEndpoint: z
      .url({ protocol: /^https?$/ })
      .refine(isPlain, "has a blank, a line end or a letter beyond ASCII in it")
      .optional(),
    virtualHostedStyle: flag.default(false),
    // Off at other endpoints than AWS's own: MinIO without a KMS, Ceph and NooBaa then answer 501 to every push.
    encrypt: flag.optional(),
    keyID: z.string().min(1).optional(),
    trustedCA: objectName.optional(),
    chunkSizeMiB: integer(5, 5120).optional(),
    cloudFront: cloudFront.optional(),
  })
  .superRefine((section, context) => {
    const problem = (key: string, message: string) =>
      context.addIssue({ code: "custom", path: [key], message });
    if (section.objectBucketClaim === undefined) {
      for (const key of ["bucket", "region"] as const)
        if (section[key] === undefined) problem(key, "is missing (must be a string)");
    } else if (section.bucket !== undefined) {
      problem("bucket", "comes from s3.objectBucketClaim; take one of them out");
    }
    const { bucket, regionEndpoint } = section;
    // One that is no URL was refused already.
    const url = regionEndpoint === undefined ? null : URL.parse(regionEndpoint);
    const wrong = url && endpointProblem(url, bucket);
    if (wrong) problem("regionEndpoint", wrong);
  });

function endpointProblem({ hostname, port, pathname, username, search }: URL, bucket: string | undefined) {
  if (username !== "") return "holds a user; keys go into s3AccessKey and s3SecretKey";
  if (port === "0") return "has port 0, which nobody can serve on";
  if (search !== "") return "has a query; write the address alone";
  const isInPath = bucket !== undefined && pathname.split("/").includes(bucket);
  const isInHost = bucket !== undefined && hostname.startsWith(`${bucket.toLowerCase()}.`);
  return isInPath || isInHost
    ? "names the bucket, which the registry adds itself; write the address of the service alone"
    : undefined;
}
