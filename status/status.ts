import type { V1Pod } from "@kubernetes/client-node";

import { askedSpec } from "../platforms/operator/asked-spec";
import { backendNames, describeStorage, sameStore, storageInUse } from "../backends/backend";
import type { ClaimPlan } from "../backends/nfs";
import type { ClusterConnection } from "../kubernetes/client";
import { type Condition, conditionsOf, podProblems, unfinished } from "../platforms/operator/convergence";
import { foreignFields } from "../platforms/operator/foreign-fields";
import { type LiveRegistry, readLiveRegistry } from "../platforms/operator/live";
import type { RegistryPlan } from "../platforms/preflight";
import { standaloneConditions, unfinishedStandalone } from "../platforms/standalone/convergence";
import { type LiveStandalone, readStandalone } from "../platforms/standalone/live";
import { endpointOf } from "../platforms/standalone/plan";
import { type Room, roomOfClaim } from "../kubernetes/volume-stats";
import type { Configuration } from "../config";
import { planOf, standalonePlanOf } from "../platforms/plan";
import { type ExportedDirectory, readExport } from "./export";

/** A registry as it is now, beside what its stack asks for. */
export interface Status {
  readonly platform: Configuration["platform"];
  readonly context: string;
  readonly managementState: string;
  readonly replicas: { readonly asked: number; readonly ready: number };
  /** Where the pods keep images: a backend and its name, or "none". */
  readonly storage: string;
  /** Whether the registry serves what the stack asks of it. */
  readonly converged: boolean;
  /** Otherwise what stands in between. */
  readonly waitingFor: readonly string[];
  /** What of it an up would change: the cluster says other than the stack. */
  readonly drift: readonly string[];
  readonly conditions: readonly Condition[];
  readonly addresses: readonly string[];
  readonly pods: readonly PodStatus[];
  readonly claim?: ClaimStatus;
  readonly export?: ExportedDirectory;
}

export interface PodStatus {
  readonly name: string;
  readonly phase: string;
  readonly ready: boolean;
  readonly node?: string;
  readonly restarts: number;
}

export interface ClaimStatus {
  readonly name: string;
  /** "missing" where the registry is told to use a claim that is not there. */
  readonly phase: string;
  readonly volume?: string;
  /** Kubernetes quantity. */
  readonly capacity?: string;
  readonly accessModes: readonly string[];
  /** As a node that mounts it sees it, where a kubelet tells. */
  readonly room?: Room;
}

/** Reads the cluster and the export's host; changes nothing. */
export async function readStatus(config: Configuration): Promise<Status> {
  const { kubeconfig, context, platform } = config;
  const read = platform === "standalone" ? standaloneStatus : operatorStatus;
  const [cluster, exported] = await Promise.all([read(config, { kubeconfig, context }), readExport(config)]);
  return { platform, context, ...cluster, ...(exported && { export: exported }) };
}

type ClusterStatus = Omit<Status, "platform" | "context" | "export">;

async function operatorStatus(config: Configuration, connection: ClusterConnection): Promise<ClusterStatus> {
  const plan = planOf(config);
  const live = await readLiveRegistry(connection, plan);
  const { spec } = live.config;
  const { hostnames } = live;
  const drift = [...notAsked(live, plan), ...changedByHand(live, plan, config)];
  return {
    ...(await common(connection, live, plan, [...drift, ...unfinished(live)])),
    drift,
    managementState: spec.managementState ?? "",
    conditions: conditionsOf(live.config),
    addresses: [hostnames.internal, ...hostnames.routes],
  };
}

async function standaloneStatus(
  config: Configuration,
  connection: ClusterConnection,
): Promise<ClusterStatus> {
  const plan = standalonePlanOf(config);
  const live = await readStandalone(connection, plan);
  return {
    ...(await common(connection, live, plan, unfinishedStandalone(live, plan))),
    drift: [],
    managementState: config.managementState,
    conditions: standaloneConditions(live),
    addresses: [endpointOf(plan)],
  };
}

type Live = Pick<LiveRegistry & LiveStandalone, "deployment" | "pods" | "claims">;

async function common(
  connection: ClusterConnection,
  { deployment, pods, claims }: Live,
  plan: RegistryPlan,
  waiting: string[],
) {
  const inUse = storageInUse(deployment);
  const claimName = inUse?.pvc?.claim ?? plan.storage.pvc?.claim;
  const room = claimName === undefined ? undefined : await roomOfClaim(connection, claimName, pods);
  const claim =
    claimName === undefined ? undefined : { ...claimStatus(claimName, claims), ...(room && { room }) };
  return {
    replicas: { asked: plan.replicas, ready: deployment?.status?.readyReplicas ?? 0 },
    storage: describeStorage(inUse ?? {}),
    converged: waiting.length === 0,
    waitingFor: [...waiting, ...(waiting.length ? podProblems(pods) : [])],
    pods: pods.map(podStatus),
    ...(claim && { claim }),
  };
}

/** What an up would change first: the cluster's Config says other than the stack. */
function notAsked({ config: { spec } }: LiveRegistry, plan: RegistryPlan): string[] {
  const differing: string[] = [];
  if (spec.managementState !== plan.managementState)
    differing.push(`managementState is ${spec.managementState}, the stack asks for ${plan.managementState}`);
  if (plan.managementState !== "Managed") return differing;
  if (spec.replicas !== plan.replicas)
    differing.push(`replicas is ${spec.replicas}, the stack asks for ${plan.replicas}`);
  if (!sameStore(spec.storage ?? {}, plan.storage)) {
    differing.push(
      `storage is ${describeStorage(spec.storage ?? {})}, the stack asks for ${describeStorage(plan.storage)}`,
    );
  }
  return differing;
}

/** Fields of the stack that somebody changed; those above apart. */
function changedByHand(
  { config }: LiveRegistry,
  plan: RegistryPlan,
  { registry = {} }: Configuration,
): string[] {
  const said = ["managementState", "replicas", "storage", ...backendNames] as readonly string[];
  return foreignFields(config, askedSpec(plan, registry), registry)
    .filter(({ name }) => !said.includes(name.split(".")[0] ?? ""))
    .map(({ described }) => described.replace(/^will /, "an up will "));
}

function claimStatus(name: ClaimPlan["claimName"], claims: LiveRegistry["claims"]): ClaimStatus {
  const claim = claims.find(({ metadata }) => metadata?.name === name);
  if (!claim) return { name, phase: "missing", accessModes: [] };
  const { spec, status } = claim;
  return {
    name,
    phase: status?.phase ?? "unknown",
    ...(spec?.volumeName && { volume: spec.volumeName }),
    ...(status?.capacity?.["storage"] && { capacity: status.capacity["storage"] }),
    accessModes: spec?.accessModes ?? [],
  };
}

function podStatus({ metadata, spec, status }: V1Pod): PodStatus {
  return {
    name: metadata?.name ?? "",
    phase: status?.phase ?? "Unknown",
    ready: status?.conditions?.some((one) => one.type === "Ready" && one.status === "True") ?? false,
    ...(spec?.nodeName && { node: spec.nodeName }),
    restarts: (status?.containerStatuses ?? []).reduce((sum, { restartCount }) => sum + restartCount, 0),
  };
}
