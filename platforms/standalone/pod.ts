import type { V1EnvVar, V1PodSpec, V1Probe } from "@kubernetes/client-node";
import type { Storage } from "../operator/registry";
import { httpSecret, registryPort, s3Secret, type StandalonePlan } from "./plan";

/** What the live cluster decides about the pods. */
export interface Surroundings {
  /** SecurityContextConstraints give each namespace a range of users, and refuse any other. */
  readonly assignsUsers: boolean;
}

const images = "/registry";
const certificates = "/etc/registry-tls";

/** The registry's pod: the CNCF distribution registry, as the pod security level `restricted` wants it. */
export function podSpec(plan: StandalonePlan, surroundings: Surroundings) {
  const { image, placement, settings, tlsSecret } = plan;
  const volumes = [...imageVolume(plan.storage), ...certificateVolume(tlsSecret)];
  return {
    automountServiceAccountToken: false,
    // A Service named "registry" would otherwise give the pods REGISTRY_PORT, which they read as configuration.
    enableServiceLinks: false,
    securityContext: {
      runAsNonRoot: true,
      ...user(plan, surroundings),
      seccompProfile: { type: "RuntimeDefault" },
    },
    ...(Object.keys(placement.nodeSelector).length && { nodeSelector: { ...placement.nodeSelector } }),
    ...(placement.tolerations.length && { tolerations: [...placement.tolerations] }),
    ...(settings.affinity && { affinity: settings.affinity }),
    ...(settings.topologySpreadConstraints && {
      topologySpreadConstraints: settings.topologySpreadConstraints,
    }),
    containers: [
      {
        name: "registry",
        image,
        ports: [{ name: "registry", containerPort: registryPort }],
        env: environment(plan),
        ...(settings.resources && { resources: settings.resources as V1PodSpec["resources"] }),
        securityContext: {
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ["ALL"] },
        },
        ...probes(tlsSecret ? "HTTPS" : "HTTP"),
        volumeMounts: volumes.map(({ mount }) => mount),
      },
    ],
    volumes: volumes.map(({ volume }) => volume),
  } satisfies V1PodSpec;
}

// Volumes of NFS take no fsGroup; block devices do, and the group must be able to write.
function user({ owner, ownerIsGiven }: StandalonePlan, { assignsUsers }: Surroundings) {
  if (assignsUsers && !ownerIsGiven) return {};
  const { uid, gid } = owner;
  return { runAsUser: uid, runAsGroup: gid, fsGroup: gid, fsGroupChangePolicy: "OnRootMismatch" };
}

// Under the name by which a running registry's storage is recognised (see storageInUse).
function imageVolume({ emptyDir, pvc }: Storage) {
  const source = pvc
    ? { persistentVolumeClaim: { claimName: pvc.claim ?? "" } }
    : emptyDir && { emptyDir: {} };
  if (!source) return [];
  const name = "registry-storage";
  return [{ volume: { name, ...source }, mount: { name, mountPath: images } }];
}

function certificateVolume(secretName: string | undefined) {
  if (secretName === undefined) return [];
  const name = "registry-tls";
  return [
    { volume: { name, secret: { secretName } }, mount: { name, mountPath: certificates, readOnly: true } },
  ];
}

function environment({ storage, settings, tlsSecret }: StandalonePlan): V1EnvVar[] {
  const values: Record<string, string | undefined> = {
    REGISTRY_HTTP_ADDR: `:${registryPort}`,
    // Uploads under way end before the pod does, within its grace period of 30 s.
    REGISTRY_HTTP_DRAINTIMEOUT: "25s",
    REGISTRY_HEALTH_STORAGEDRIVER_ENABLED: "true",
    REGISTRY_HEALTH_STORAGEDRIVER_INTERVAL: `${storageCheckSeconds}s`,
    REGISTRY_HEALTH_STORAGEDRIVER_THRESHOLD: "1",
    REGISTRY_LOG_LEVEL: ["Debug", "Trace", "TraceAll"].includes(settings.logLevel ?? "") ? "debug" : "info",
    REGISTRY_STORAGE_MAINTENANCE_READONLY: settings.readOnly ? "{enabled: true}" : undefined,
    REGISTRY_STORAGE_REDIRECT_DISABLE: settings.disableRedirect ? "true" : undefined,
    ...(tlsSecret && {
      REGISTRY_HTTP_TLS_CERTIFICATE: `${certificates}/tls.crt`,
      REGISTRY_HTTP_TLS_KEY: `${certificates}/tls.key`,
    }),
    ...storageEnvironment(storage),
    // By default it sends traces to a collector on localhost, and logs that none is there.
    OTEL_TRACES_EXPORTER: "none",
  };
  const plain = Object.entries(values).flatMap(([name, value]) =>
    value === undefined ? [] : { name, value },
  );
  const secrets = storage.s3
    ? ["REGISTRY_STORAGE_S3_ACCESSKEY", "REGISTRY_STORAGE_S3_SECRETKEY"].map((name) =>
        secret(name, s3Secret, name),
      )
    : [];
  return [...plain, secret("REGISTRY_HTTP_SECRET", httpSecret.name, httpSecret.key), ...secrets];
}

function storageEnvironment({ s3 }: Storage): Record<string, string | undefined> {
  if (!s3) return { REGISTRY_STORAGE: "filesystem", REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY: images };
  return {
    REGISTRY_STORAGE: "s3",
    // Names of digits alone would be read as numbers.
    REGISTRY_STORAGE_S3_BUCKET: JSON.stringify(s3.bucket),
    REGISTRY_STORAGE_S3_REGION: JSON.stringify(s3.region),
    REGISTRY_STORAGE_S3_REGIONENDPOINT: s3.regionEndpoint,
    REGISTRY_STORAGE_S3_FORCEPATHSTYLE: s3.regionEndpoint && !s3.virtualHostedStyle ? "true" : undefined,
    REGISTRY_STORAGE_S3_ENCRYPT: s3.encrypt ? "true" : undefined,
    REGISTRY_STORAGE_S3_KEYID: s3.keyID,
  };
}

function secret(name: string, from: string, key: string): V1EnvVar {
  return { name, valueFrom: { secretKeyRef: { name: from, key } } };
}

const storageCheckSeconds = 5;

/**
 * The registry answers 503 everywhere as long as its last look at the storage failed. It looks first when the interval
 * has passed once, so no pod is ready before. A pod whose storage is away leaves the Service after half a minute; a
 * restart would not bring the storage back, so that comes last.
 */
function probes(scheme: string): Record<"startupProbe" | "readinessProbe" | "livenessProbe", V1Probe> {
  const httpGet = { path: "/", port: "registry", scheme };
  return {
    startupProbe: {
      httpGet,
      initialDelaySeconds: storageCheckSeconds + 1,
      periodSeconds: 2,
      timeoutSeconds: 5,
      failureThreshold: 60,
    },
    readinessProbe: { httpGet, periodSeconds: 10, timeoutSeconds: 5, failureThreshold: 3 },
    livenessProbe: { httpGet, periodSeconds: 30, timeoutSeconds: 10, failureThreshold: 10 },
  };
}
