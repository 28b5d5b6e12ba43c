import type { V1EnvVar } from "@kubernetes/client-node";

import { type Config, namespace } from "./model";

/** Where the registry finds its images and the object store's keys. */
export const root = "/registry";
export const credentials = "/var/run/secrets/cloud";

/** Where the registry finds what it serves with. */
export const certificate = { crt: "/etc/secrets/tls.crt", key: "/etc/secrets/tls.key" };

/** The settings that the registry's container gets from a Config. */
export function environment(config: Config): V1EnvVar[] {
  const { spec } = config;
  const variables: Record<string, string | undefined> = {
    ...storageEnvironment(config),
    REGISTRY_HTTP_ADDR: ":5000",
    REGISTRY_HTTP_NET: "tcp",
    REGISTRY_HTTP_SECRET: spec.httpSecret,
    // Of files in the image, here: nobody makes a Secret of a serving certificate.
    REGISTRY_HTTP_TLS_CERTIFICATE: certificate.crt,
    REGISTRY_HTTP_TLS_KEY: certificate.key,
    REGISTRY_LOG_LEVEL: /Debug|Trace/.test(spec.logLevel ?? "") ? "debug" : "info",
    REGISTRY_STORAGE_DELETE_ENABLED: "true",
    REGISTRY_OPENSHIFT_SERVER_ADDR: `image-registry.${namespace}.svc:5000`,
    REGISTRY_STORAGE_MAINTENANCE_READONLY: spec.readOnly ? "{enabled: true}" : undefined,
    REGISTRY_STORAGE_REDIRECT_DISABLE: spec.disableRedirect ? "true" : undefined,
    HTTP_PROXY: spec.proxy?.http,
    HTTPS_PROXY: spec.proxy?.https,
    NO_PROXY: spec.proxy?.noProxy,
    ...requestLimits("READ", spec.requests?.read),
    ...requestLimits("WRITE", spec.requests?.write),
  };
  return Object.entries(variables).flatMap(([name, value]) => (value ? { name, value } : []));
}

function storageEnvironment({ spec }: Config): Record<string, string | undefined> {
  const { s3 } = spec.storage;
  if (!s3) return { REGISTRY_STORAGE: "filesystem", REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY: root };
  const { bucket, region, regionEndpoint, encrypt = false, virtualHostedStyle = false } = s3;
  return {
    REGISTRY_STORAGE_S3_REGIONENDPOINT: regionEndpoint,
    REGISTRY_STORAGE: "s3",
    REGISTRY_STORAGE_S3_BUCKET: bucket,
    REGISTRY_STORAGE_S3_REGION: region,
    REGISTRY_STORAGE_S3_ENCRYPT: String(encrypt),
    REGISTRY_STORAGE_S3_FORCEPATHSTYLE: String(!virtualHostedStyle),
    REGISTRY_STORAGE_S3_CREDENTIALSCONFIGPATH: `${credentials}/credentials`,
  };
}

type Limits = NonNullable<NonNullable<Config["spec"]["requests"]>["read"]>;

function requestLimits(kind: "READ" | "WRITE", limits: Limits = {}): Record<string, string> {
  const { maxRunning = 0, maxInQueue = 0, maxWaitInQueue = "0s" } = limits;
  if (maxRunning === 0 && maxInQueue === 0) return {};
  const prefix = `REGISTRY_OPENSHIFT_REQUESTS_${kind}`;
  return {
    [`${prefix}_MAXRUNNING`]: String(maxRunning),
    [`${prefix}_MAXINQUEUE`]: String(maxInQueue),
    [`${prefix}_MAXWAITINQUEUE`]: maxWaitInQueue,
  };
}
