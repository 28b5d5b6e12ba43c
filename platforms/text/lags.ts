import type { Storage } from "../../backends/backend";
import { describeStorage, storesIn } from "../../backends/stores";
import type { ChangedField, Lag, RolloutState } from "../observed";
import { conditionText } from "./conditions";

/** One line each; all that a Deployment lacks is one line. */
export function lagTexts(lags: readonly Lag[]): string[] {
  const change = lags.filter((lag) => lag.of === "Deployment");
  const [first] = change;
  return lags.flatMap((lag) => {
    if (lag.of !== "Deployment") return [lagText(lag)];
    if (lag !== first) return [];
    return [`the deployment does not have the change yet: ${change.map(changedFieldText).join(", ")}`];
  });
}

type FieldLag<Of extends string> = Extract<Lag, { of: Of }>;

function lagText(lag: Exclude<Lag, FieldLag<"Deployment">>): string {
  switch (lag.of) {
    case "Config":
      return configText(lag);
    case "status":
      return statusText(lag);
    case "backends":
      return `storage has ${storesIn(lag.is).length} backends (${describeStorage(lag.is)}), not one`;
    case "condition":
      return lag.is ? conditionText(lag.is) : `condition ${lag.type} is not set yet`;
    case "rollout":
      return rolloutText(lag.is, lag.asked);
    case "endpoints":
      return `the service reaches ${lag.is} of ${lag.asked} pods`;
    case "pods":
      return `${lag.left} pods are still there`;
    case "leftover":
      return `the ${lag.kind} is still there`;
    case "missing":
      return lag.maker === "operator"
        ? `there is no ${lag.kind} yet`
        : `there is no ${lag.kind} image-registry; if somebody deleted it: pulumi refresh, then pulumi up`;
  }
}

function configText({ field, is, asked }: FieldLag<"Config">): string {
  const shown = (value: unknown) => (field === "storage" ? describeStorage(value as Storage) : String(value));
  return `${field} is ${shown(is)}, the stack asks for ${shown(asked)}`;
}

function statusText({ field, is, asked }: FieldLag<"status">): string {
  return field === "storage"
    ? `status.storage is ${describeStorage(is as Storage)}, asked is ${describeStorage(asked as Storage)}`
    : `the operator has seen generation ${String(is)} of ${String(asked)}`;
}

/** In a list of them, so short. */
export function changedFieldText({ field, variable, is, asked }: ChangedField): string {
  if (variable !== undefined) return `${field} ${variable}`;
  if (field === "storage" && is !== undefined)
    return `storage (pods use ${describeStorage(is as Storage)}, asked is ${describeStorage(asked as Storage)})`;
  return field === "replicas" && is !== undefined ? `replicas ${is as number} of ${asked as number}` : field;
}

function rolloutText(is: RolloutState, asked: number): string {
  if (is === "being deleted") return "the deployment is being deleted";
  if (is === "not begun") return "the rollout has not begun";
  const { updated, available, all, reason } = is;
  return `rollout: ${updated} updated, ${available} available, ${all} in all, ${asked} asked (${reason})`;
}
