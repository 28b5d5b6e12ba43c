import { describeStorage, foreignBackends, sameStore } from "./backends";
import { lostByManager } from "./managed-fields";
import type { RegistryPlan } from "./preflight";
import { registryManager, type RegistryConfig } from "./registry-types";
import { type RegistrySettings, setByOthers } from "./settings";

/** A field that another manager set against this stack, and what happens to it. */
export interface ForeignField {
  readonly name: string;
  readonly described: string;
}

type Asked = Pick<RegistryPlan, "managementState" | "replicas" | "rolloutStrategy" | "storage">;

/**
 * All that other managers set and this stack wants otherwise. Pulumi compares inputs with inputs and sees none of it:
 * only when it changes an input of the patch does an unchanged stack get a step that puts it right.
 */
export function foreignFields(
  live: RegistryConfig,
  asked: Asked,
  settings: RegistrySettings,
): ForeignField[] {
  return [
    ...foreignBackends(live.spec.storage, asked.storage).map((name) => ({
      name,
      described:
        `will evict ${name} from spec.storage of the live registry: ` +
        `${describeStorage(asked.storage)} is to be its only backend`,
    })),
    ...takenFromUs(live, asked),
    ...setByOthers(live.spec, settings).map((name) => ({
      name,
      described: `will clear spec.${name} of the live registry, which another manager set`,
    })),
  ];
}

function takenFromUs(live: RegistryConfig, asked: Asked): ForeignField[] {
  const scalars = (["managementState", "replicas", "rolloutStrategy"] as const)
    .filter((key) => live.spec[key] !== asked[key] && lostByManager(live, registryManager, ["spec", key]))
    .map((key) => ({ name: key, described: `${String(live.spec[key])} by hand, asked is ${asked[key]}` }));
  const { claim } = live.spec.storage?.pvc ?? {};
  const moved = claim && asked.storage.pvc && !sameStore({ pvc: { claim } }, { pvc: asked.storage.pvc });
  const claims =
    moved && lostByManager(live, registryManager, ["spec", "storage", "pvc", "claim"])
      ? [{ name: "claim", described: `"${claim}" by hand, asked is "${asked.storage.pvc?.claim}"` }]
      : [];
  return [...scalars, ...claims].map(({ name, described }) => ({
    name,
    described: `will put back ${name} of the live registry: it is ${described}`,
  }));
}
