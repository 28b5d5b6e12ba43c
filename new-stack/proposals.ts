import type { V1PersistentVolume, V1Taint, V1Toleration } from "@kubernetes/client-node";

import { describeStorage } from "../backends/stores";
import { saidByName } from "../config/production";
import { infraLabel } from "../kubernetes/nodes";
import type { NewCluster } from "./live";

/** Backends that it asks all of; the others are set by `pulumi config set` (docs/switching-backends.md). */
export const askedBackends = ["nfs", "pvc", "emptyDir", "s3"] as const;
export type AskedBackend = (typeof askedBackends)[number];

export function proposedPlatform({ registry }: NewCluster): "operator" | "standalone" {
  return registry ? "operator" : "standalone";
}

/** What the registry has now, as far as a stack can take it up; else what suits the stack's name. */
export function proposedBackend(stack: string, cluster: NewCluster): AskedBackend {
  const storage = cluster.registry?.spec.storage ?? {};
  if (storage.pvc) return nfsVolumeInUse(cluster) ? "nfs" : "pvc";
  if (storage.s3) return "s3";
  return saidByName(stack) === false ? "emptyDir" : "nfs";
}

export interface ProposedExport {
  readonly server?: string;
  readonly path?: string;
  readonly size: string;
}

/** The export behind the registry's own claim, else that of another volume's server, else that of a class. */
export function proposedExport(cluster: NewCluster): ProposedExport {
  const own = nfsVolumeInUse(cluster);
  const { nfs, capacity } = own?.spec ?? {};
  if (nfs) return { server: nfs.server, path: nfs.path, size: capacity?.["storage"] ?? "100Gi" };
  const server =
    cluster.volumes.find(({ spec }) => spec?.nfs)?.spec?.nfs?.server ??
    cluster.classes.find(({ provisioner }) => provisioner.includes("nfs"))?.parameters?.["server"];
  return { ...(server && { server }), size: "100Gi" };
}

export function proposedReplicas(
  backend: AskedBackend,
  isReadWriteOnce: boolean,
  places: number,
  cluster: NewCluster,
): number {
  if (backend === "emptyDir" || isReadWriteOnce) return 1;
  const now = cluster.registry?.spec.replicas ?? 1;
  return Math.max(now, Math.min(2, Math.max(1, places)));
}

export function infraNodes({ nodes }: NewCluster) {
  return nodes.filter(({ metadata }) => metadata?.labels?.[infraLabel] !== undefined);
}

const standardToleration: V1Toleration = { key: infraLabel, operator: "Exists" };

/** Tolerations of the infra nodes' taints; undefined where the program's own default is enough. */
export function neededTolerations(cluster: NewCluster): V1Toleration[] | undefined {
  const taints = infraNodes(cluster).flatMap(({ spec }) => spec?.taints ?? []);
  const others = new Map(
    taints
      .filter(isLasting)
      .map(({ key, effect }) => [`${key}:${effect}`, { key, operator: "Exists", effect }]),
  );
  return others.size > 0 ? [standardToleration, ...others.values()] : undefined;
}

// A node's controllers put on and take off their own (not-ready, unschedulable, disk-pressure, …).
function isLasting({ key, effect }: V1Taint): boolean {
  const isOfNode =
    key.startsWith("node.kubernetes.io/") || key.startsWith("node.cloudprovider.kubernetes.io/");
  return effect !== "PreferNoSchedule" && key !== infraLabel && !isOfNode;
}

/** What the cluster shows, for people, before they are asked. */
export function shown(cluster: NewCluster): string[] {
  const { registry, nodes, claims, classes, owner, unread } = cluster;
  const infra = infraNodes(cluster);
  const names = (of: { metadata?: { name?: string } }[]) =>
    of.map(({ metadata }) => metadata?.name).join(", ");
  const lines = [
    registry
      ? `registry      ${registry.spec.managementState}, ${registry.spec.replicas} replicas, images in ${describeStorage(registry.spec.storage ?? {})}`
      : "registry      its operator is not here",
    `nodes         ${nodes.length}, of which for infra: ${infra.length ? names(infra) : "none"}`,
    `infra taints  ${taintsOf(infra) || "none"}`,
    `claims        ${names([...claims]) || "none"}`,
    `classes       ${names([...classes]) || "none"}`,
  ];
  if (owner)
    lines.push(`owner         stack "${owner}" has this cluster already; another one's up will be refused`);
  if (unread.length) lines.push(`not read      ${unread.join(", ")}: the context's user may not list them`);
  return lines;
}

function taintsOf(nodes: NewCluster["nodes"]): string {
  const taints = nodes.flatMap(({ spec }) => spec?.taints ?? []);
  return [...new Set(taints.map(({ key, effect }) => `${key}:${effect}`))].join(", ");
}

function nfsVolumeInUse({ registry, claims, volumes }: NewCluster): V1PersistentVolume | undefined {
  const name = registry?.spec.storage?.pvc?.claim;
  const bound = claims.find(({ metadata }) => metadata?.name === name)?.spec?.volumeName;
  return bound ? volumes.find(({ metadata, spec }) => metadata?.name === bound && spec?.nfs) : undefined;
}
