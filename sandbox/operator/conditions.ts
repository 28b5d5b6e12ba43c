export interface Condition {
  type: string;
  status: "True" | "False" | "Unknown";
  reason?: string;
  message?: string;
  lastTransitionTime: string;
}

export type ConditionState = readonly [status: Condition["status"], reason: string, message: string];

/**
 * Sets one condition in place. The transition time follows every change of status, also one that the same pass
 * takes back: so a registry that stays Removed gets a new status whenever the operator looks at it.
 */
export function setCondition(
  conditions: Condition[],
  type: string,
  [status, reason, message]: ConditionState,
): void {
  let condition = conditions.find((candidate) => candidate.type === type);
  if (!condition) {
    condition = { type, status, lastTransitionTime: now() };
    conditions.push(condition);
  }
  if (condition.status !== status) condition.lastTransitionTime = now();
  condition.status = status;
  condition.reason = reason || undefined; // blank ones are left out of the JSON
  condition.message = message || undefined;
}

/** Kubernetes times have no fractions of a second. */
function now(): string {
  return new Date().toISOString().replace(/\.\d+Z$/, "Z");
}
