import { ClusterClient, type ClusterConnection } from "./client";
import { effectiveNodeSelector } from "./expected-deployment";
import { type LiveRegistry, readLiveRegistry } from "./live-registry";
import { type Findings, assertPreflight, preflight, type RegistryPlan } from "./preflight";
import { type RegistrySettings, setByOthers } from "./settings";
import { evictionPatch, foreignBackends } from "./backends";
import {
  registryApi,
  registryManager,
  registryName,
  type RegistryConfig,
  type Storage,
} from "./registry-types";

/** A plan that the live cluster has been asked about, and found possible. */
export interface CheckedRegistry {
  readonly connection: ClusterConnection;
  readonly plan: RegistryPlan;
  readonly live: LiveRegistry;
  readonly warnings: Findings["warnings"];
}

/**
 * Reads the cluster and checks the plan against it. Everything that would break or lose something ends the run here,
 * in preview and in up, before any resource is made.
 */
export async function checkRegistry(
  connection: ClusterConnection,
  plan: RegistryPlan,
): Promise<CheckedRegistry> {
  const live = await readLiveRegistry(connection, plan.claim?.volumeName);
  // Other managers' keys of the nodeSelector stay in force, and a node must have them too.
  const nodeSelector = effectiveNodeSelector(live.config, plan.placement.nodeSelector, registryManager);
  const findings = preflight(live, { ...plan, placement: { ...plan.placement, nodeSelector } });
  assertPreflight(findings);
  return { connection, plan, live, warnings: findings.warnings };
}

/** What other managers set and this stack asks to be otherwise, in a way that server-side apply cannot bring about. */
export function foreignFields(live: RegistryConfig, wanted: Storage, settings: RegistrySettings): string[] {
  return [...foreignBackends(live.spec.storage, wanted), ...setByOthers(live.spec, settings)];
}

/** Takes all of that away and makes `wanted` the only storage backend, in one write; returns what had to go. */
export async function evictForeignFields(
  connection: ClusterConnection,
  wanted: Storage,
  settings: RegistrySettings,
  fieldManager: string,
): Promise<string[]> {
  const client = new ClusterClient(connection);
  const config = await client.get<RegistryConfig>(registryApi, "Config", registryName);
  if (!config) return [];
  const foreign = foreignFields(config, wanted, settings);
  if (foreign.length === 0) return [];
  const backends = foreignBackends(config.spec.storage, wanted);
  const patch = evictionPatch(backends, wanted, setByOthers(config.spec, settings));
  const object = { apiVersion: registryApi, kind: "Config", metadata: { name: registryName }, ...patch };
  await client.mergePatch(object, fieldManager);
  return foreign;
}
