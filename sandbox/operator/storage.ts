import { isDeepStrictEqual } from "node:util";

import type { V1PersistentVolumeClaim } from "@kubernetes/client-node";

import { type ConditionState, setCondition } from "./conditions";
import { type Config, namespace, PermanentError, type Surroundings } from "./model";

/** The operator's names for the backends, in the order in which it lists them. */
const backends = {
  emptyDir: "EmptyDir",
  s3: "S3",
  swift: "Swift",
  gcs: "GCS",
  ibmcos: "IBMCOS",
  pvc: "PVC",
  azure: "Azure",
} as const;
export type StorageKey = keyof typeof backends;

/** Claims the operator made itself carry this annotation. */
const ownerAnnotation = "imageregistry.openshift.io";
const ownClaim = "image-registry-storage";

/** The one backend of a storage section; undefined when it has none. */
export function storageKeyOf(storage: Config["status"]["storage"]): StorageKey | undefined {
  const set = (Object.keys(backends) as StorageKey[]).filter((backend) => storage[backend]);
  if (set.length < 2) return set[0];
  const names = set.map((backend) => backends[backend]).join(" ");
  throw new Error(
    `exactly one storage type should be configured at the same time, got ${set.length}: [${names}]`,
  );
}

export function claimName({ spec }: Config): string {
  return spec.storage.pvc?.claim || ownClaim;
}

/**
 * Checks the backend the spec asks for and takes it into the status; fills in what the spec leaves open. Returns the
 * claim to create, if there is one. Only a change of the backend, or a claim that is gone, makes it look closer: a
 * claim that exists is not checked again.
 */
export function settleStorage(config: Config, seen: Surroundings): V1PersistentVolumeClaim | undefined {
  const { spec, status } = config;
  let claim: V1PersistentVolumeClaim | undefined;
  try {
    claim = settle(config, seen);
  } catch (error) {
    if (error instanceof PermanentError) throw error;
    throw new Error(`unable to sync storage configuration: ${(error as Error).message}`);
  }
  spec.storage.managementState ||= status.storageManaged ? "Managed" : "Unmanaged";
  status.storageManaged = spec.storage.managementState === "Managed";
  status.storage.managementState = spec.storage.managementState;
  return claim;
}

function settle(config: Config, seen: Surroundings) {
  const { spec, status } = config;
  const backend = storageKeyOf(spec.storage);
  if (!backend) throw new PermanentError("StorageNotConfigured", "storage backend not configured");
  const changed = !isDeepStrictEqual(status.storage[backend], spec.storage[backend]);
  if (changed) {
    const name = backends[backend];
    const state = backend === "pvc" ? "in an old state" : "in an unknown state";
    storageExists(config, ["Unknown", `${name} Configuration Changed`, `${name} storage is ${state}`]);
  }
  switch (backend) {
    case "emptyDir":
      return changed ? settleEmptyDir(config) : undefined;
    case "pvc":
      return settleClaim(config, seen, changed);
    case "s3":
      return changed ? settleS3(config, seen) : undefined;
    default:
      throw new Error(
        `the sandbox's stand-in for the operator cannot do ${backend}: use emptyDir, pvc or s3`,
      );
  }
}

function settleEmptyDir(config: Config): undefined {
  config.spec.storage.managementState ||= "Managed";
  config.status.storage = { emptyDir: {} };
  storageExists(config, ["True", "Creation Successful", "EmptyDir storage successfully created"]);
}

function settleClaim(config: Config, { claim: found }: Surroundings, changed: boolean) {
  const { spec, status } = config;
  if (!changed) {
    storageExists(config, found ? ["True", "PVC Exists", ""] : ["False", "PVC does not exist", ""]);
    if (found) return;
  }
  const named = Boolean(spec.storage.pvc?.claim);
  const claim = claimName(config);
  if (!named && found && !found.metadata?.annotations?.[ownerAnnotation]) {
    const message = "could not create default PVC, it already exists and is not owned by the operator";
    storageExists(config, ["False", "PVC Already Exists", message]);
    throw new Error(message);
  }
  const created = named || found ? undefined : newClaim();
  if (named) storageExists(config, ["True", "PVC Exists", ""]);
  if (created) storageExists(config, ["True", "PVC Created", ""]);

  const issue = claimIssue(config, (created ?? found)?.spec?.accessModes);
  if (issue) {
    storageExists(config, ["False", "PVC Issues Found", issue]);
    throw new Error(issue);
  }
  spec.storage.managementState ||= named ? "Unmanaged" : "Managed";
  spec.storage.pvc = { claim };
  status.storage = { pvc: { claim } };
  return created;
}

/** A claim need not be bound: one that is Pending passes. */
function claimIssue({ spec }: Config, accessModes: string[] | undefined): string | undefined {
  const claim = spec.storage.pvc?.claim;
  if (!accessModes) return `persistentvolumeclaims "${claim}" not found`;
  if (accessModes.includes("ReadWriteMany")) return undefined;
  if (!accessModes.includes("ReadWriteOnce")) {
    return `PVC ${claim} does not contain the necessary access modes: ReadWriteMany or ReadWriteOnce`;
  }
  if (spec.replicas > 1) {
    return "cannot use ReadWriteOnce access mode with more than one replica of the image registry";
  }
  if (spec.rolloutStrategy !== "Recreate") {
    return `cannot use ReadWriteOnce access mode with ${spec.rolloutStrategy ?? ""} rollout strategy`;
  }
  return undefined;
}

/** The real one also asks the object store for the bucket, and creates it; here every bucket exists. */
function settleS3(config: Config, { keys }: Surroundings): undefined {
  if (!keys) {
    const secret = "installer-cloud-credentials";
    throw new Error(
      `unable to get cluster minted credentials "${namespace}/${secret}": secret "${secret}" not found`,
    );
  }
  for (const key of ["REGISTRY_STORAGE_S3_ACCESSKEY", "REGISTRY_STORAGE_S3_SECRETKEY"]) {
    if (keys.data?.[key]) continue;
    const secret = `${namespace}/${keys.metadata?.name}`;
    throw new Error(`secret "${secret}" does not contain required key "${key}"`);
  }
  config.spec.storage.managementState ||= "Unmanaged";
  config.status.storage = { s3: config.spec.storage.s3 };
  storageExists(config, ["True", "S3 Bucket Exists", "User supplied S3 bucket exists and is accessible"]);
}

function newClaim(): V1PersistentVolumeClaim {
  return {
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    metadata: { name: ownClaim, namespace, annotations: { [ownerAnnotation]: "true" } },
    spec: { accessModes: ["ReadWriteMany"], resources: { requests: { storage: "100Gi" } } },
  };
}

function storageExists(config: Config, verdict: ConditionState): void {
  setCondition((config.status.conditions ??= []), "StorageExists", verdict);
}
