import type { Room } from "../../kubernetes/volume-stats";
import type { Ailment, Condition, PodTrouble } from "../observed";

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

/** `ImagePruner: Failed=True (Error): …` */
export function ailmentText({ kind, condition }: Ailment): string {
  return `${kind}: ${conditionText(condition)}`;
}

export function fullText({ free, size }: Room): string {
  return `only ${Math.floor((100 * free) / size)} % of its store is free`;
}
