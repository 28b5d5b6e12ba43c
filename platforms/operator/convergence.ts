import { sameStore, storesIn } from "../../backends/stores";
import type { RegistryPlan } from "../plan";
import type { Ailment, Condition, Lag } from "../observed";
import { conditionsFrom, rolloutLags } from "../rollout";
import { deploymentLags } from "./expected-deployment";
import type { LiveOperator, OperatorRollout } from "./live";
import type { RegistryConfig } from "./registry";

/** What stands between the live registry and the plan; nothing when it serves. */
export function unfinished(seen: OperatorRollout, plan: RegistryPlan): Lag[] {
  return [...notAsked(seen.config, plan), ...unsettled(seen)];
}

/** Where the Config itself says other than the plan: it is yet to be written, or somebody writes against it. */
function notAsked({ spec }: RegistryConfig, plan: RegistryPlan): Lag[] {
  const lag = (field: "managementState" | "replicas" | "storage", is: unknown): Lag[] => [
    { of: "Config", field, is, asked: plan[field] },
  ];
  const state =
    spec.managementState === plan.managementState ? [] : lag("managementState", spec.managementState);
  if (plan.managementState !== "Managed") return state;
  const storage = spec.storage ?? {};
  return [
    ...state,
    ...(spec.replicas === plan.replicas ? [] : lag("replicas", spec.replicas)),
    ...(sameStore(storage, plan.storage) ? [] : lag("storage", storage)),
  ];
}

/**
 * What still stands between the live registry and what its Config asks for; nothing when it has truly converged.
 * The conditions alone do not tell: the operator shows them green while Removed, with a rollout not yet begun, and
 * with an old pod still serving what a broken change should have replaced.
 */
export function unsettled({ config, deployment }: OperatorRollout): Lag[] {
  const { spec, status, metadata } = config;
  if (spec.managementState === "Unmanaged") return [];
  const unseen: Lag[] = [];
  if (status?.observedGeneration !== metadata?.generation) {
    const [is, asked] = [status?.observedGeneration ?? 0, metadata?.generation];
    unseen.push({ of: "status", field: "observedGeneration", is, asked });
  }
  if (spec.managementState === "Removed") {
    return [
      ...unseen,
      ...(deployment ? [{ of: "leftover", kind: "deployment" } as const] : []),
      ...conditionsUnlike(config, { Removed: "True", Progressing: "False", Degraded: "False" }),
    ];
  }
  return [...unseen, ...causesFirst(unserved({ config, deployment }))];
}

/** What keeps a Managed registry from serving as its Config asks, if the operator has seen that. */
function unserved({ config, deployment }: Pick<OperatorRollout, "config" | "deployment">): Lag[] {
  const { spec, status } = config;
  const lags: Lag[] = [];
  const wanted = spec.storage ?? {};
  const reported = status?.storage ?? {};
  if (storesIn(wanted).length !== 1) lags.push({ of: "backends", is: wanted });
  else if (!sameStore(reported, wanted))
    lags.push({ of: "status", field: "storage", is: reported, asked: wanted });
  lags.push(
    ...conditionsUnlike(config, {
      Available: "True",
      Progressing: "False",
      Degraded: "False",
      Removed: "False",
    }),
  );
  if (!deployment) return [...lags, { of: "missing", kind: "deployment", maker: "operator" }];
  return [...lags, ...deploymentLags(spec, deployment), ...rolloutLags(deployment, spec.replicas)];
}

/** Of the operator's error comes all the rest, and what an up shows while it waits is the first. */
function causesFirst(lags: readonly Lag[]): Lag[] {
  const isCause = (lag: Lag) => lag.of === "condition" && lag.is?.reason === "Error";
  return [...lags.filter(isCause), ...lags.filter((lag) => !isCause(lag))];
}

function conditionsUnlike(config: RegistryConfig, wanted: Record<string, string>): Lag[] {
  const conditions = conditionsOf({ config });
  return Object.entries(wanted).flatMap(([type, status]): Lag[] => {
    const is = conditions.find((one) => one.type === type);
    return is?.status === status ? [] : [{ of: "condition", type, is }];
  });
}

export function conditionsOf({ config }: Pick<OperatorRollout, "config">): Condition[] {
  return conditionsFrom(config.status?.conditions);
}

/**
 * What turns the cluster's ClusterOperator image-registry red though the registry serves: it joins all conditions of Config
 * and ImagePruner whose types end so. The pruner says the same, earlier, by Failed.
 */
export function unwell({ config, pruner }: Pick<LiveOperator, "config" | "pruner">): Ailment[] {
  const { conditions } = (pruner as { status?: { conditions?: Condition[] } } | undefined)?.status ?? {};
  const ofPruner = conditionsFrom(conditions).filter(
    (one) => reddens(one) || (one.type === "Failed" && one.status === "True"),
  );
  // What is said of the registry as a whole is part of whether it converged.
  const ofConfig = conditionsOf({ config }).filter(
    (one) => reddens(one) && one.type !== "Available" && one.type !== "Degraded",
  );
  return [
    ...ofConfig.map((condition) => ({ kind: "Config", condition })),
    ...ofPruner.map((condition) => ({ kind: "ImagePruner", condition })),
  ];
}

function reddens({ type, status }: Condition): boolean {
  return (
    (type.endsWith("Available") && status === "False") || (type.endsWith("Degraded") && status === "True")
  );
}

/** Available, NodeCADaemonAvailable and StorageExists are good when they are True, the others when they are not. */
export function isGood({ type, status }: Condition): boolean {
  const isWanted = type.endsWith("Available") || type === "StorageExists";
  return isWanted ? status === "True" : status !== "True";
}
