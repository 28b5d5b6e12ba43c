import type {
  V1Deployment,
  V1EnvVar,
  V1Node,
  V1PersistentVolume,
  V1PersistentVolumeClaim,
  V1Pod,
  V1PodSpec,
  V1Taint,
} from "@kubernetes/client-node";
import type { Storage } from "../../../backends/backend";
import { claim as claimBackend } from "../../../backends/claim";
import type { SpecObject } from "../../../platforms/field-drift";
import type { LiveOperator } from "../../../platforms/operator/live";
import {
  internalHostname,
  registryApi,
  registryName,
  registryNamespace,
  type RegistryConfig,
} from "../../../platforms/operator/registry";
import type { RegistryPlan } from "../../../platforms/plan";
import type { Findings } from "../../../platforms/finding";
import { findingText, warningTexts } from "../../../platforms/text";
import type { ConfigSpec } from "../../../crds/types";

/** A healthy registry on emptyDir with one pod, as a fresh non-production cluster shows it; tests change one thing. */

export const infraLabel = "node-role.kubernetes.io/infra";
const httpSecret = "0123456789abcdef";

const green = { Available: "True", Progressing: "False", Degraded: "False", Removed: "False" } as const;
export const removed = {
  Available: "True",
  Progressing: "False",
  Degraded: "False",
  Removed: "True",
} as const;

type Status = "True" | "False" | "Unknown";
type Conditions = Readonly<Record<string, Status | { status: Status; reason?: string; message?: string }>>;

export function registryConfig(
  spec: Partial<ConfigSpec> = {},
  observed: { conditions?: Conditions; storage?: Storage; generation?: number } = {},
): RegistryConfig {
  const full: ConfigSpec = {
    managementState: "Managed",
    replicas: 1,
    rolloutStrategy: "RollingUpdate",
    httpSecret,
    storage: { managementState: "Unmanaged", emptyDir: {} },
    ...spec,
  };
  return {
    apiVersion: registryApi,
    kind: "Config",
    metadata: { name: registryName, generation: 7 },
    spec: full,
    status: {
      observedGeneration: observed.generation ?? 7,
      readyReplicas: full.replicas,
      storageManaged: false,
      storage: observed.storage ?? full.storage ?? {},
      conditions: conditions({ ...green, ...observed.conditions }),
    },
  };
}

function conditions(wanted: Conditions) {
  return Object.entries(wanted).map(([type, given]) => ({
    type,
    lastTransitionTime: "2026-01-01T00:00:00Z",
    ...(typeof given === "string" ? { status: given } : given),
  }));
}

/** The operator's Deployment after it has followed `config` and its pods serve. */
export function followed(
  config: RegistryConfig,
  pod: Partial<V1PodSpec> & { env?: V1EnvVar[] } = {},
): V1Deployment {
  const { spec } = config;
  const { env = [], ...rest } = pod;
  const claimName = spec.storage?.pvc?.claim;
  const source = claimName ? { persistentVolumeClaim: { claimName } } : { emptyDir: {} };
  return {
    metadata: { name: "image-registry", namespace: registryNamespace, generation: 3 },
    spec: {
      replicas: spec.replicas,
      selector: {},
      strategy: { type: spec.rolloutStrategy },
      template: {
        spec: {
          nodeSelector: { "kubernetes.io/os": "linux", ...spec.nodeSelector },
          tolerations: spec.tolerations,
          volumes: [{ name: "registry-storage", ...source }],
          containers: [
            {
              name: "registry",
              env: [
                { name: "REGISTRY_STORAGE", value: "filesystem" },
                { name: "REGISTRY_HTTP_SECRET", value: spec.httpSecret },
                { name: "REGISTRY_LOG_LEVEL", value: "info" },
                ...env,
              ],
            },
          ],
          ...rest,
        },
      },
    },
    status: {
      observedGeneration: 3,
      replicas: spec.replicas,
      updatedReplicas: spec.replicas,
      availableReplicas: spec.replicas,
      conditions: [{ type: "Progressing", status: "True", reason: "NewReplicaSetAvailable" }],
    },
  };
}

export function node(name: string, labels: Record<string, string> = {}, taints: V1Taint[] = []): V1Node {
  return {
    metadata: {
      name,
      labels: {
        "kubernetes.io/os": "linux",
        "kubernetes.io/hostname": name,
        "node-role.kubernetes.io/worker": "",
        ...labels,
      },
    },
    spec: { taints },
    status: {
      allocatable: { cpu: "4", memory: "16Gi", pods: "250" },
      conditions: [{ type: "Ready", status: "True" }],
    },
  };
}

export const infraTaint: V1Taint = { key: infraLabel, effect: "NoSchedule" };
export const infraNode = (name: string) => node(name, { [infraLabel]: "" }, [infraTaint]);
export const onInfra = {
  nodeSelector: { [infraLabel]: "" },
  tolerations: [{ key: infraLabel, operator: "Exists" }],
};

export function claim(
  name: string,
  spec: V1PersistentVolumeClaim["spec"] = {},
  phase = "Bound",
): V1PersistentVolumeClaim {
  return {
    metadata: { name, namespace: registryNamespace },
    spec: { accessModes: ["ReadWriteMany"], resources: { requests: { storage: "100Gi" } }, ...spec },
    status: { phase },
  };
}

export function volume(spec: V1PersistentVolume["spec"] = {}, phase = "Bound"): V1PersistentVolume {
  return {
    metadata: { name: "registry" },
    spec: {
      nfs: { server: "nfs.example.com", path: "/srv/registry" },
      claimRef: { namespace: registryNamespace, name: "registry" },
      ...spec,
    },
    status: { phase },
  };
}

export function pendingPod(message: string): V1Pod {
  return {
    metadata: { name: "image-registry-7d4b9-x2x4q" },
    status: {
      phase: "Pending",
      conditions: [{ type: "PodScheduled", status: "False", reason: "Unschedulable", message }],
    },
  };
}

/** As the operator makes it. */
export function imagePruner(spec: object = { schedule: "", suspend: false }): SpecObject {
  return { kind: "ImagePruner", metadata: { name: registryName, generation: 1, uid: "pruner-uid" }, spec };
}

export function live(changes: Partial<LiveOperator> = {}): LiveOperator {
  const config = changes.config ?? registryConfig();
  return {
    config,
    deployment: followed(config),
    pods: [],
    nodes: [node("worker-0"), node("worker-1")],
    claims: [],
    classes: [],
    volume: undefined,
    volumeInUse: undefined,
    running: new Map(),
    hasZones: false,
    tainted: undefined,
    room: undefined,
    pruner: imagePruner(),
    holdsImages: true,
    hostnames: { internal: internalHostname, routes: [] },
    missing: [],
    owningStack: undefined,
    s3Keys: undefined,
    moment: "100",
    ...changes,
  };
}

export const emptyDir: Storage = { managementState: "Unmanaged", emptyDir: {} };
export const onClaim = (name: string): Storage => ({ managementState: "Unmanaged", pvc: { claim: name } });

export function plan(changes: Partial<RegistryPlan> = {}): RegistryPlan {
  const { storage = emptyDir } = changes;
  return {
    backend: storage.pvc
      ? claimBackend({ pvc: { claim: storage.pvc.claim ?? "" } })
      : { name: "emptyDir", storage },
    namespace: registryNamespace,
    managementState: "Managed",
    replicas: 1,
    rolloutStrategy: "RollingUpdate",
    storage: emptyDir,
    placement: { nodeSelector: {}, tolerations: [] },
    nodesToLabel: [],
    acceptImageLoss: [],
    copyImages: false,
    settings: {},
    ...changes,
  };
}

/** As people read them. */
export function told(findings: Findings): { errors: string[]; warnings: string[] } {
  return { errors: findings.errors.map(findingText), warnings: warningTexts([], findings) };
}
