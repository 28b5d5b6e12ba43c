import { describeStorage, foreignBackends } from "../../backends/backend";
import { type Drift, driftOf } from "./drift";
import { appliedBy } from "../../kubernetes/managed-fields";
import { registryManager, type RegistryConfig, type Storage } from "./registry";
import { type RegistrySettings, setByOthers } from "./settings";

/**
 * All that other managers set and this stack wants otherwise. Pulumi compares inputs with inputs and sees none of it:
 * only when it changes an input of the patch does an unchanged stack get a step that puts it right.
 */
export function foreignFields(
  live: RegistryConfig,
  asked: { readonly storage: Storage },
  settings: RegistrySettings,
): Drift[] {
  return [
    ...foreignBackends(live.spec.storage, asked.storage).map((name) => ({
      name,
      described:
        `will evict ${name} from spec.storage of the live registry: ` +
        `${describeStorage(asked.storage)} is to be its only backend`,
    })),
    ...driftOf(live, registryManager, asked),
    ...setByOthers(live.spec, settings).map((name) => ({
      name,
      described: `will clear spec.${name} of the live registry, which another manager set`,
    })),
  ];
}

/** Says so when the Config is not the one this stack wrote to: it was deleted, and the operator made a blank one. */
export function madeAnewByOperator(
  live: RegistryConfig,
  { owned }: { readonly owned: boolean },
): string | undefined {
  if (!owned || appliedBy(live, registryManager)) return undefined;
  return (
    `the live Config holds nothing of this stack: it was deleted and made anew by the operator ` +
    `(managementState ${live.spec.managementState}, storage ${describeStorage(live.spec.storage ?? {})}); will write all of it again`
  );
}
