import { foreignStores, storeKeys } from "../../backends/stores";
import type { ClusterClient } from "../../kubernetes/client";
import { evictionManager, registryManager } from "../../kubernetes/field-managers";
import { takenFromOthers } from "../../kubernetes/managed-fields";
import type { RegistryPlan } from "../plan";
import { setByOthers } from "./drift";
import { registryApi, type RegistryConfig, registryName } from "./registry";

const storePaths = storeKeys.map((key) => ["spec", "storage", key]);

/**
 * Takes away what other managers set against the plan and makes its store the only one, in one write; returns the fields
 * that had to go. Server-side apply cannot do it: it leaves what another manager set, and the operator then refuses two
 * backends. Nobody else owns a backend afterwards, not even one whose only field the stack has changed since: once
 * the stack let go of that field, server-side apply would leave a null, which the CRD refuses, in previews too.
 */
export async function evictForeignFields(
  client: ClusterClient,
  live: RegistryConfig,
  plan: RegistryPlan,
): Promise<string[]> {
  const stores = foreignStores(live.spec.storage, plan.storage);
  const settings = setByOthers(live.spec, plan.settings);
  const evicted = [...stores, ...settings];
  const managedFields = takenFromOthers(live, registryManager, storePaths);
  if (evicted.length === 0 && !managedFields) return [];
  const spec = { ...nothing(settings), storage: { ...nothing(stores), ...plan.storage } };
  const metadata = { name: registryName, ...(managedFields && { managedFields }) };
  const patch = { apiVersion: registryApi, kind: "Config", metadata, ...(evicted.length && { spec }) };
  await client.mergePatch(patch, evictionManager);
  return evicted;
}

/** In a merge patch, null takes a field away. */
function nothing(fields: readonly string[]): Record<string, null> {
  return Object.fromEntries(fields.map((field) => [field, null]));
}
