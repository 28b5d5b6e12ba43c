import type { Storage } from "../../backends/backend";
import { accountOf, completed, oneByOne, storageInUse } from "../../backends/stores";
import type { ConfigSpec } from "../../crds/types";
import { canonical } from "../../kubernetes/blank";
import { registryManager } from "../../kubernetes/field-managers";
import { ownedBy, ownedByOther } from "../../kubernetes/managed-fields";
import type { ChangedField } from "../observed";
import type { RegistryPlan } from "../plan";
import type { KeptImages } from "../kept-images";
import { setByOthers } from "./drift";
import { deploymentLags } from "./expected-deployment";
import { keptHttpSecret } from "./http-secret";
import type { LiveOperator } from "./live";
import { askedSpec } from "./plan";
import type { RegistryConfig } from "./registry";
import { unseenBlank } from "./shown-settings";

/**
 * Where the images are: where the pods write them, or, of a registry that is down, where its Config had them written. The
 * plan has the placement that an apply comes to.
 */
export function keptImages(live: LiveOperator, plan: RegistryPlan): KeptImages {
  const { config, deployment, holdsImages, volumeInUse } = live;
  const common = { holdsImages, volumeInUse, podChanges: () => podChanges(live, plan) };
  if (!deployment) {
    // What was in an emptyDir went with the pods.
    const stores = oneByOne(config.spec.storage).filter(({ emptyDir }) => !emptyDir);
    return { ...common, isDown: true, stores };
  }
  const inUse = storageInUse(deployment);
  return { ...common, isDown: false, stores: inUse ? [completed(inUse, config.spec.storage ?? {})] : [] };
}

/**
 * The store that an apply of the plan comes to: what others own of it stays, and what the stack no longer asks for goes,
 * so that the operator would choose another account.
 */
export function storageToBe(config: RegistryConfig, { storage }: Pick<RegistryPlan, "storage">): Storage {
  const [asked = {}] = oneByOne(storage);
  const live = config.spec.storage ?? {};
  const left = accountOf(live).filter(({ key, field }) => {
    const values: Record<string, unknown> | undefined = asked[key] && { ...asked[key] };
    return values !== undefined && values[field] === undefined;
  });
  return left.reduce((to, { key, field, value }) => {
    const path = ["spec", "storage", key, field];
    return { ...to, [key]: { ...to[key], [field]: isOursAlone(config, path) ? "" : value } };
  }, asked);
}

/** What takes the place of pods; of another number of them, or another way to replace them, none is replaced. */
function podChanges({ config, deployment }: LiveOperator, plan: RegistryPlan): ChangedField[] | undefined {
  if (!deployment) return undefined;
  const httpSecret = keptHttpSecret({ config, deployment }) ?? "another";
  const spec = { ...specToBe(config, plan), httpSecret };
  const changed = deploymentLags(spec, deployment).filter(
    ({ field }) => field !== "replicas" && field !== "rolloutStrategy",
  );
  // What the operator puts in their place cannot be told from the Deployment.
  const dropped = unseenBlank.filter(
    (key) => !isSame(config.spec[key], spec[key]) && spec[key] === undefined,
  );
  const changes = [...changed, ...dropped.map((field) => ({ field }))];
  return changes.length ? changes : undefined;
}

function specToBe(config: RegistryConfig, plan: RegistryPlan): ConfigSpec {
  const asked: ConfigSpec = askedSpec(plan);
  const cleared = setByOthers(config.spec, plan.settings) as string[];
  const goes = (key: string) =>
    cleared.includes(key) || (!(key in asked) && isOursAlone(config, ["spec", key]));
  const kept = Object.entries(config.spec).filter(([key]) => !goes(key));
  // Already with what others own of it, and nothing else.
  const { nodeSelector, tolerations } = plan.placement;
  const placement = { nodeSelector: { ...nodeSelector }, tolerations: [...tolerations] };
  return { ...(Object.fromEntries(kept) as unknown as ConfigSpec), ...asked, ...placement };
}

function isOursAlone(config: RegistryConfig, path: readonly string[]): boolean {
  return ownedBy(config, registryManager, path) && !ownedByOther(config, registryManager, path);
}

function isSame(one: unknown, other: unknown): boolean {
  return canonical(one) === canonical(other);
}
