import type { Finding, Storage } from "../backends/backend";
import { describeStorage, storesIn } from "../backends/stores";
import type { Room } from "../kubernetes/volume-stats";
import type { Ailment, Condition, Drift, Findings, Lag, PodTrouble, RolloutState, Trouble } from "./platform";

/** What the program found on a cluster, for people: data becomes text here, and nowhere else. */

export function findingText({ field, message }: Finding): string {
  return field === undefined ? message : `${field}: ${message}`;
}

/** What an up does about it: "will put back spec.replicas …". */
export function driftText(drift: Drift): string {
  const { kind, field, is, asked, by, remedy } = drift;
  switch (remedy) {
    case "evict":
      return (
        `will evict ${keyOf(field)} from spec.storage of the live registry: ` +
        `${describeStorage(asked as Storage)} is to be its only backend${setBy(by)}`
      );
    case "clear":
      return `will clear ${field} of the live registry, which ${by.join(", ") || "another manager"} set`;
    case "change":
      if (drift.isSecret) return `will change ${field} of the ${kind}${setBy(by)}; no value of it is shown`;
      return `will change ${field} of the ${kind} from ${shown(is)}${setBy(by)} to ${shown(asked)}`;
    case "put back":
      return `will put back ${field} of the ${kind}: it ${changeText(drift)}`;
  }
}

function shown(value: unknown): string {
  return value === undefined ? "nothing" : JSON.stringify(value);
}

function keyOf(field: string): string {
  return field.split(".").at(-1) ?? "";
}

function setBy(by: readonly string[]): string {
  return by.length ? ` (set by ${by.join(", ")})` : "";
}

function changeText({ is, asked, by, remedy, isSecret }: Drift): string {
  const who = by.length ? `by ${by.join(", ")}` : "by hand";
  if (isSecret) return `was changed ${who}`;
  if (remedy === "evict" || asked === undefined) return `was added ${who}`;
  return `is ${is === undefined ? "gone" : JSON.stringify(is)} ${who}, asked is ${JSON.stringify(asked)}`;
}

/** Why an up ends before its time: others write what the stack has just written, and will again. */
export function overruledText(overruled: readonly Drift[]): string {
  const rivals = [...new Set(overruled.flatMap(({ by }) => by))].join(", ");
  const lines = overruled.map((drift) => `  ${drift.field} of the ${drift.kind} ${changeText(drift)}`);
  const removed = overruled.some(({ by }) => by.length === 0)
    ? ["  of a field that is taken away no manager is on record; the API server's audit log has it"]
    : [];
  return [
    "the registry was changed back while this up ran, and will not become what the stack asks for:",
    ...lines,
    ...removed,
    `  to do: take ${overruled.length > 1 ? "these fields" : "this field"} out of what ` +
      `${rivals || "the other program"} applies, or ask for its value in this stack; then pulumi up`,
  ].join("\n");
}

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
export function changedFieldText({ field, is, asked }: FieldLag<"Deployment">): string {
  if (field === "storage")
    return `storage (pods use ${describeStorage(is as Storage)}, asked is ${describeStorage(asked as Storage)})`;
  return field === "replicas" ? `replicas ${is as number} of ${asked as number}` : field;
}

function rolloutText(is: RolloutState, asked: number): string {
  if (is === "being deleted") return "the deployment is being deleted";
  if (is === "not begun") return "the rollout has not begun";
  const { updated, available, all, reason } = is;
  return `rollout: ${updated} updated, ${available} available, ${all} in all, ${asked} asked (${reason})`;
}

/** `Available=True (Ready): The registry is ready`. */
export function conditionText({ type, ...condition }: Condition): string {
  return `${type}=${stateText(condition)}`;
}

/** Conditions by type: `True (Ready): The registry is ready`. */
export function conditionSummary(conditions: readonly Condition[]): Record<string, string> {
  return Object.fromEntries(conditions.map((condition) => [condition.type, stateText(condition)]));
}

function stateText({ status, reason, message }: Omit<Condition, "type">): string {
  return `${status}${reason && ` (${reason})`}${message && `: ${message}`}`;
}

export function podText({ pod, phase, reason, message }: PodTrouble): string {
  return `pod ${pod} (${phase}): ${`${reason}: ${message}`.trim()}`;
}

export function troubleText({ lags, conditions, pods }: Trouble): string {
  const lines = new Set([...lagTexts(lags), ...conditions.map(conditionText), ...pods.map(podText)]);
  return `the live registry has not converged:\n${[...lines].map((line) => `  ${line}`).join("\n")}`;
}

/** `ImagePruner: Failed=True (Error): …` */
export function ailmentText({ kind, condition }: Ailment): string {
  return `${kind}: ${conditionText(condition)}`;
}

export function fullText({ free, size }: Room): string {
  return `only ${Math.floor((100 * free) / size)} % of its store is free`;
}

/** Whatever a preview has to warn of; what it changes on the way is no trouble. */
export function warningTexts(drift: readonly Drift[], { warnings, trouble }: Findings): string[] {
  const wrong = drift.filter(({ remedy }) => remedy !== "change");
  return [...wrong.map(driftText), ...warnings.map(findingText), ...(trouble ? [troubleText(trouble)] : [])];
}
