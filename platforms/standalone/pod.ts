import type { V1EnvVar, V1PodSpec, V1Probe } from "@kubernetes/client-node";
import { imageMount, type PodStorage } from "../../backends/backend";
import { podStorage } from "../../backends/stores";
import type { Environment } from "../environment";
import type { StandalonePlan } from "./plan";
import { htpasswdKey, httpSecret, registryPort, standaloneName } from "./registry";
import { settingParts } from "./settings";

const certificates = "/etc/registry-tls";
const users = "/etc/registry-auth";

/** The registry's pod: the CNCF distribution registry, as the pod security level `restricted` wants it. */
export function podSpec(plan: StandalonePlan, assignsUsers: boolean) {
  const { image, placement, settings, tlsSecret, htpasswdSecret } = plan;
  const parts = settingParts(settings);
  const storage = podStorage(plan.storage) ?? { environment: {} };
  const volumes = [
    ...imageVolume(storage),
    ...secretVolume("registry-tls", certificates, tlsSecret),
    ...secretVolume("registry-auth", users, htpasswdSecret),
  ];
  return {
    automountServiceAccountToken: false,
    // A Service named "registry" would otherwise give the pods REGISTRY_PORT, which they read as configuration.
    enableServiceLinks: false,
    securityContext: {
      runAsNonRoot: true,
      ...user(plan, assignsUsers),
      seccompProfile: { type: "RuntimeDefault" },
    },
    ...(Object.keys(placement.nodeSelector).length && { nodeSelector: { ...placement.nodeSelector } }),
    ...(placement.tolerations.length && { tolerations: [...placement.tolerations] }),
    ...parts.pod,
    containers: [
      {
        name: "registry",
        image,
        ports: [{ name: "registry", containerPort: registryPort }],
        env: environment(plan, parts.environment, storage),
        ...parts.container,
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
function user({ owner, ownerIsGiven }: StandalonePlan, assignsUsers: boolean) {
  if (assignsUsers && !ownerIsGiven) return {};
  const { uid, gid } = owner;
  return { runAsUser: uid, runAsGroup: gid, fsGroup: gid, fsGroupChangePolicy: "OnRootMismatch" };
}

function imageVolume({ volume }: PodStorage) {
  return volume ? [{ volume: { name: imageMount.name, ...volume }, mount: imageMount }] : [];
}

function secretVolume(name: string, mountPath: string, secretName: string | undefined) {
  if (secretName === undefined) return [];
  return [{ volume: { name, secret: { secretName } }, mount: { name, mountPath, readOnly: true } }];
}

function environment(
  { tlsSecret, htpasswdSecret }: StandalonePlan,
  settings: Environment,
  storage: PodStorage,
): V1EnvVar[] {
  const values: Record<string, string | undefined> = {
    REGISTRY_HTTP_ADDR: `:${registryPort}`,
    // Uploads under way end before the pod does, within its grace period of 30 s.
    REGISTRY_HTTP_DRAINTIMEOUT: "25s",
    REGISTRY_HEALTH_STORAGEDRIVER_ENABLED: "true",
    REGISTRY_HEALTH_STORAGEDRIVER_INTERVAL: `${storageCheckSeconds}s`,
    REGISTRY_HEALTH_STORAGEDRIVER_THRESHOLD: "1",
    ...settings,
    ...(tlsSecret && {
      REGISTRY_HTTP_TLS_CERTIFICATE: `${certificates}/tls.crt`,
      REGISTRY_HTTP_TLS_KEY: `${certificates}/tls.key`,
    }),
    ...(htpasswdSecret && {
      REGISTRY_AUTH: "htpasswd",
      REGISTRY_AUTH_HTPASSWD_REALM: standaloneName,
      REGISTRY_AUTH_HTPASSWD_PATH: `${users}/${htpasswdKey}`,
    }),
    ...storage.environment,
    // By default it sends traces to a collector on localhost, and logs that none is there.
    OTEL_TRACES_EXPORTER: "none",
  };
  const plain = Object.entries(values).flatMap(([name, value]) =>
    value === undefined ? [] : { name, value },
  );
  const { secretName, names } = storage.secrets ?? { secretName: "", names: [] };
  return [
    ...plain,
    secret("REGISTRY_HTTP_SECRET", httpSecret.name, httpSecret.key),
    ...names.map((name) => secret(name, secretName, name)),
  ];
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
