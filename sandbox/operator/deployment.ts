import type {
  V1Affinity,
  V1Container,
  V1Deployment,
  V1DeploymentStrategy,
  V1PodTemplateSpec,
  V1ResourceRequirements,
  V1TopologySpreadConstraint,
  V1Volume,
  V1VolumeMount,
} from "@kubernetes/client-node";

import { checksum } from "./checksum";
import { credentials, environment, root } from "./environment";
import {
  type Config,
  deploymentLabels,
  group,
  namespace,
  privateConfiguration,
  type Surroundings,
} from "./model";

/** Of an image that a node has, if it is to run: there is nothing to pull. */
export const registryImage = "image-registry.sandbox.invalid/docker-registry:1";

/** The Deployment image-registry that a Config asks for. */
export function deploymentFor(config: Config, { keys, zones }: Surroundings): V1Deployment {
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
  // The real one asks for /healthz, which the CNCF registry, that a kubelet runs here in place of OpenShift's, does not know.
  const probe = { httpGet: { path: "/", port: 5000, scheme: "HTTPS" }, timeoutSeconds: 5 };
  const resources = { requests: { cpu: "100m", memory: "256Mi" } };
  return {
    name: "registry",
    image: registryImage,
    env: environment(config),
    livenessProbe: { ...probe, initialDelaySeconds: 5 },
    ports: [{ containerPort: 5000, protocol: "TCP" }],
    readinessProbe: { ...probe, initialDelaySeconds: 15 },
    resources: (config.spec.resources as V1ResourceRequirements | undefined) ?? resources,
    volumeMounts,
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
