import type {
  V1Affinity,
  V1Container,
  V1Deployment,
  V1DeploymentStrategy,
  V1EnvVar,
  V1PodTemplateSpec,
  V1ResourceRequirements,
  V1TopologySpreadConstraint,
  V1Volume,
  V1VolumeMount,
} from "@kubernetes/client-node";

import { checksum } from "./checksum";
import {
  type Config,
  deploymentLabels,
  group,
  namespace,
  privateConfiguration,
  type Surroundings,
} from "./model";
import { backendOf } from "./storage";

const root = "/registry";
const credentials = "/var/run/secrets/cloud";

/** The Deployment image-registry that a Config asks for. */
export function registryDeployment(config: Config, { keys, zones }: Surroundings): V1Deployment {
  const template = podTemplate(config, zones);
  template.metadata!.annotations![`${group}/dependencies-checksum`] = checksum(keys?.data ?? {});
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "image-registry", namespace, labels: deploymentLabels },
    spec: {
      progressDeadlineSeconds: 120,
      replicas: config.spec.replicas,
      selector: { matchLabels: deploymentLabels },
      strategy: strategy(config),
      template,
    },
  };
}

/** Blank means RollingUpdate. All but one pod may be missing, so that hosts that take one pod each do not block. */
function strategy({ spec }: Config): V1DeploymentStrategy {
  if (spec.rolloutStrategy === "Recreate") return { type: "Recreate" };
  const rollingUpdate =
    spec.replicas === 2
      ? { maxUnavailable: 1, maxSurge: 1 }
      : { maxUnavailable: spec.replicas - 1, maxSurge: "25%" };
  return { type: "RollingUpdate", rollingUpdate };
}

function podTemplate(config: Config, zones: boolean): V1PodTemplateSpec {
  const { spec } = config;
  const { volume, mount } = storageVolume(config);
  return {
    metadata: {
      labels: deploymentLabels,
      annotations: {
        "openshift.io/required-scc": "restricted-v2",
        "target.workload.openshift.io/management": '{"effect": "PreferredDuringScheduling"}',
      },
    },
    spec: {
      affinity: affinity(config),
      containers: [
        container(config, [mount, { name: "ca-trust-extracted", mountPath: "/etc/pki/ca-trust/extracted" }]),
      ],
      nodeSelector: { "kubernetes.io/os": "linux", ...spec.nodeSelector },
      priorityClassName: "system-cluster-critical",
      securityContext: { fsGroup: 1000320000, fsGroupChangePolicy: "OnRootMismatch" },
      serviceAccountName: "registry",
      terminationGracePeriodSeconds: 55,
      tolerations: spec.tolerations,
      topologySpreadConstraints: topologySpread(config, zones),
      // The second volume is an emptyDir with every backend: only its name tells which volume holds the images.
      volumes: [volume, { name: "ca-trust-extracted", emptyDir: {} }],
    },
  };
}

function storageVolume({ spec }: Config): { volume: V1Volume; mount: V1VolumeMount } {
  const { storage } = spec;
  if (storage.s3) {
    const secret = { secretName: privateConfiguration, optional: false };
    const mount = { name: privateConfiguration, mountPath: credentials, readOnly: true };
    return { volume: { name: privateConfiguration, secret }, mount };
  }
  const name = "registry-storage";
  const claimName = storage.pvc?.claim;
  const volume: V1Volume = claimName
    ? { name, persistentVolumeClaim: { claimName } }
    : { name, emptyDir: {} };
  return { volume, mount: { name, mountPath: root } };
}

function container(config: Config, volumeMounts: V1VolumeMount[]): V1Container {
  const probe = { httpGet: { path: "/healthz", port: 5000, scheme: "HTTPS" }, timeoutSeconds: 5 };
  const resources = { requests: { cpu: "100m", memory: "256Mi" } };
  return {
    name: "registry",
    image: "image-registry.sandbox.invalid/docker-registry", // kwok pulls no images
    env: environment(config),
    livenessProbe: { ...probe, initialDelaySeconds: 5 },
    ports: [{ containerPort: 5000, protocol: "TCP" }],
    readinessProbe: { ...probe, initialDelaySeconds: 15 },
    resources: (config.spec.resources as V1ResourceRequirements | undefined) ?? resources,
    volumeMounts,
  };
}

function environment(config: Config): V1EnvVar[] {
  const { spec } = config;
  const variables: Record<string, string | undefined> = {
    ...storageEnvironment(config),
    REGISTRY_HTTP_ADDR: ":5000",
    REGISTRY_HTTP_NET: "tcp",
    REGISTRY_HTTP_SECRET: spec.httpSecret,
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
  if (backendOf(spec.storage) !== "s3") {
    return { REGISTRY_STORAGE: "filesystem", REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY: root };
  }
  const {
    bucket,
    region,
    regionEndpoint,
    encrypt = false,
    virtualHostedStyle = false,
  } = spec.storage.s3 ?? {};
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

/** Only two replicas must not share a host, unless the spec says otherwise. */
function affinity({ spec }: Config): V1Affinity | undefined {
  if (spec.affinity || spec.replicas !== 2) return spec.affinity;
  const labelSelector = { matchLabels: deploymentLabels };
  const term = { topologyKey: "kubernetes.io/hostname", namespaces: [namespace], labelSelector };
  return { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] } };
}

/** Pods spread by default over hosts, workers and zones, which keeps them off nodes that are no workers; any nodeSelector ends that. */
function topologySpread({ spec }: Config, zones: boolean): V1TopologySpreadConstraint[] | undefined {
  if (spec.topologySpreadConstraints) return spec.topologySpreadConstraints;
  if (spec.nodeSelector) return undefined;
  const keys = ["kubernetes.io/hostname", "node-role.kubernetes.io/worker"];
  if (zones) keys.push("topology.kubernetes.io/zone");
  return keys.map((topologyKey) => ({
    labelSelector: { matchLabels: deploymentLabels },
    matchLabelKeys: ["pod-template-hash"],
    maxSkew: 1,
    nodeAffinityPolicy: "Honor",
    nodeTaintsPolicy: "Honor",
    topologyKey,
    whenUnsatisfiable: "DoNotSchedule",
  }));
}
