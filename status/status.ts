import type { V1Pod } from "@kubernetes/client-node";

import { type ExportedDirectory, readExport } from "../backends/export";
import { describeStorage, storageInUse } from "../backends/stores";
import type { Configuration } from "../config/schema";
import { leftHold, readHold } from "../images/hold";
import { isReady } from "../kubernetes/pods";
import { ClusterClient, unlessForbidden } from "../kubernetes/client";
import { isNearlyFull, type Room } from "../kubernetes/volume-stats";
import { platforms, resolved } from "../platforms";
import type { Condition, Drift, Lag } from "../platforms/observed";
import type { LiveRegistry } from "../platforms/platform";
import { podTroubles } from "../platforms/rollout";
import { ailmentText, driftText, findingText, lagTexts, podText } from "../platforms/text";

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
  /** What else turns the cluster's own view of its registry red; no up changes it. */
  readonly unwell: readonly string[];
  /** What of it an up would change: the cluster says other than the stack. */
  readonly drift: readonly string[];
  readonly conditions: readonly ShownCondition[];
  readonly addresses: readonly string[];
  readonly pods: readonly PodStatus[];
  readonly claim?: ClaimStatus;
  readonly export?: ExportedDirectory;
}

export interface ShownCondition extends Condition {
  /** Whether it is as on a registry that does well. */
  readonly good: boolean;
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
  /** What becomes of the volume with its images when the claim is deleted. @default Retain: they stay */
  readonly reclaimPolicy?: string;
  /** As a node that mounts it sees it, where a kubelet tells. */
  readonly room?: Room;
}

/** Of the store, as the host that serves it says, or else a node that mounts it. */
export function roomOf({ export: exported, claim }: Status): Room | undefined {
  return exported?.host ?? claim?.room;
}

/** Whether nobody has to look at it. */
export function isWell(status: Status): boolean {
  const room = roomOf(status);
  return status.converged && status.unwell.length === 0 && !(room && isNearlyFull(room));
}

/** Seconds to wait for each answer. */
export interface Patience {
  readonly cluster: number;
  readonly host: number;
}

/** Reads the cluster and the export's host; changes nothing. */
export async function readStatus(
  config: Configuration,
  { cluster, host }: Patience = { cluster: 20, host: 60 },
): Promise<Status> {
  const { kubeconfig, context } = config;
  const connection = { kubeconfig, context };
  const platform = platforms[config.platform];
  const plan = platform.plan(await resolved(config, connection));
  using client = new ClusterClient(connection, cluster * 1000);
  const [live, exported, hold] = await Promise.all([
    platform.read(client, plan),
    readExport(plan.backend, host),
    readHold(client, plan.namespace),
  ]);

  const changes = [platform.drift(client, live, plan), platform.unapplied(client, live, plan)];
  // Not told to a user who may not ask for what others changed.
  const drift = (await unlessForbidden(Promise.all(changes)))?.flat();
  const byOthers = (drift ?? []).filter(({ remedy, by }) => remedy !== "evict" || by.length > 0);
  const changed = byOthers.map((field) => `an up ${driftText(field)}`);
  const lags = unsaid(platform.unfinished(live, plan), byOthers);
  const held = leftHold(hold).map(findingText);
  const waiting = [...held, ...lagTexts(lags), ...changed];
  const inUse = storageInUse(live.deployment);
  const claimName = inUse?.pvc?.claim ?? plan.storage.pvc?.claim;
  const { room } = live;
  return {
    platform: platform.name,
    context,
    managementState: platform.managementState(live, plan),
    replicas: { asked: plan.replicas, ready: live.deployment?.status?.readyReplicas ?? 0 },
    storage: describeStorage(inUse ?? {}),
    converged: waiting.length === 0,
    unwell: platform.unwell(live).map(ailmentText),
    drift: [...lagTexts(lags.filter(({ of }) => of === "Config")), ...changed],
    waitingFor: [...waiting, ...(waiting.length ? podTroubles(live.pods).map(podText) : [])],
    conditions: platform.conditions(live).map((one) => ({ ...one, good: platform.isGood(one) })),
    addresses: platform.addresses(live, plan),
    pods: live.pods.map(podStatus),
    ...(claimName && { claim: { ...claimStatus(claimName, live), ...(room && { room }) } }),
    ...(exported && { export: exported }),
  };
}

/** Without the fields of the Config of which the drift says more: whose doing it is. */
function unsaid(lags: readonly Lag[], drift: readonly Drift[]): Lag[] {
  const said = new Set(
    drift.flatMap(({ path: [, section, key] }) => (key === "managementState" ? [] : [section])),
  );
  return lags.filter((lag) => lag.of !== "Config" || !said.has(lag.field));
}

function claimStatus(name: string, { claims, volume, volumeInUse }: LiveRegistry): ClaimStatus {
  const claim = claims.find(({ metadata }) => metadata?.name === name);
  if (!claim) return { name, phase: "missing", accessModes: [] };
  const { spec, status } = claim;
  const behind = [volume, volumeInUse].find((one) => one?.metadata?.name === spec?.volumeName);
  const reclaimPolicy = behind?.spec?.persistentVolumeReclaimPolicy ?? "Retain";
  return {
    name,
    phase: status?.phase ?? "unknown",
    ...(spec?.volumeName && { volume: spec.volumeName }),
    ...(status?.capacity?.["storage"] && { capacity: status.capacity["storage"] }),
    accessModes: spec?.accessModes ?? [],
    ...(reclaimPolicy !== "Retain" && { reclaimPolicy }),
  };
}

function podStatus(pod: V1Pod): PodStatus {
  const { metadata, spec, status } = pod;
  return {
    name: metadata?.name ?? "",
    phase: status?.phase ?? "Unknown",
    ready: isReady(pod),
    ...(spec?.nodeName && { node: spec.nodeName }),
    restarts: (status?.containerStatuses ?? []).reduce((sum, { restartCount }) => sum + restartCount, 0),
  };
}
