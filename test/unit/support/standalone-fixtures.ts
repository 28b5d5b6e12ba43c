import type { V1Deployment } from "@kubernetes/client-node";
import type { LiveStandalone } from "../../../platforms/standalone/live";
import type { StandalonePlan } from "../../../platforms/standalone/plan";
import { managedBy } from "../../../platforms/standalone/registry";
import { deploymentSpec } from "../../../platforms/standalone/workload";
import { node, onClaim, plan } from "./fixtures";

/** A stack's own registry with two pods on a claim, and a cluster on which it serves; tests change one thing. */

export function standalonePlan(changes: Partial<StandalonePlan> = {}): StandalonePlan {
  return {
    ...plan({ replicas: 2, ...changes, storage: changes.storage ?? onClaim("images") }),
    namespace: "image-registry",
    image: "registry:3.1.1",
    allowFrom: { namespaces: [], networks: [] },
    owner: { uid: 1000, gid: 1000 },
    ownerIsGiven: false,
    ...changes,
  };
}

/** The Deployment of a plan, rolled out. */
export function rolledOut(asked: StandalonePlan): V1Deployment {
  const spec = deploymentSpec(asked, { assignsUsers: false, certificate: undefined });
  const { replicas } = spec;
  return {
    metadata: { name: "image-registry", generation: 3, labels: { ...managedBy } },
    spec,
    status: {
      observedGeneration: 3,
      replicas,
      updatedReplicas: replicas,
      availableReplicas: replicas,
      conditions: [
        { type: "Progressing", status: "True", reason: "NewReplicaSetAvailable" },
        { type: "Available", status: "True", reason: "MinimumReplicasAvailable" },
      ],
    },
  };
}

export function liveStandalone(changes: Partial<LiveStandalone> = {}): LiveStandalone {
  const claim = {
    metadata: { name: "images" },
    spec: { accessModes: ["ReadWriteMany"] },
    status: { phase: "Bound" },
  };
  return {
    namespace: { metadata: { name: "image-registry", labels: { ...managedBy } } },
    deployment: rolledOut(standalonePlan()),
    service: { metadata: { name: "image-registry", labels: { ...managedBy } } },
    pods: [],
    endpoints: 2,
    nodes: [node("worker-0"), node("worker-1")],
    claims: [claim],
    classes: [],
    volume: undefined,
    volumeInUse: undefined,
    running: new Map(),
    tainted: undefined,
    room: undefined,
    holdsImages: undefined,
    httpSecret: undefined,
    certificate: undefined,
    htpasswd: undefined,
    networkPolicy: { metadata: { name: "image-registry", labels: { ...managedBy } } },
    allNodes: [node("worker-0"), node("worker-1")],
    assignsUsers: false,
    owningStack: undefined,
    s3Keys: undefined,
    budget: { metadata: { name: "image-registry", labels: { ...managedBy } } },
    moment: "100",
    ...changes,
  };
}

/** Nothing of it on the cluster yet. */
export const nothingYet = {
  namespace: undefined,
  deployment: undefined,
  service: undefined,
  networkPolicy: undefined,
  budget: undefined,
  endpoints: 0,
} as const;
