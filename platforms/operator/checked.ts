import { ClusterClient, type ClusterConnection } from "../../kubernetes/client";
import { effectivePlacement } from "./effective-placement";
import { type LiveRegistry, readLiveRegistry } from "./live";
import { type Findings, assertPreflight, findingsFor, preflight, type RegistryPlan } from "../preflight";
import { type RegistrySettings, setByOthers } from "./settings";
import { backendNames, evictionPatch, foreignBackends } from "../../backends/backend";
import { takenFromOthers } from "../../kubernetes/managed-fields";
import { registryApi, registryManager, registryName, type RegistryConfig, type Storage } from "./registry";

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
  stack: string,
): Promise<CheckedRegistry> {
  const live = await readLiveRegistry(connection, plan);
  const findings = findingsFor(stack, live.owningStack, () =>
    preflight(live, { ...plan, ...effectivePlacement(live.config, plan) }),
  );
  assertPreflight(findings);
  return { connection, plan, live, warnings: findings.warnings };
}

const backendPaths = backendNames.map((name) => ["spec", "storage", name]);

/**
 * Takes away what other managers set against the stack and makes `wanted` the only storage backend, in one write; returns
 * what had to go. Nobody else owns a backend afterwards, not even one whose only field the stack has changed since: once
 * the stack let go of that field, server-side apply would leave a null, which the CRD refuses, in previews too.
 */
export async function evictForeignFields(
  connection: ClusterConnection,
  wanted: Storage,
  settings: RegistrySettings,
  fieldManager: string,
): Promise<string[]> {
  const client = new ClusterClient(connection);
  const config = await client.get<RegistryConfig>(registryApi, "Config", registryName);
  if (!config) return [];
  const backends = foreignBackends(config.spec.storage, wanted);
  const fields = setByOthers(config.spec, settings);
  const evicted = [...backends, ...fields];
  const managedFields = takenFromOthers(config, registryManager, backendPaths);
  if (evicted.length === 0 && !managedFields) return [];
  const patch = evicted.length ? evictionPatch(backends, wanted, fields) : {};
  const metadata = { name: registryName, ...(managedFields && { managedFields }) };
  await client.mergePatch({ apiVersion: registryApi, kind: "Config", metadata, ...patch }, fieldManager);
  return evicted;
}
