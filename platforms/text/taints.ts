import type { V1Taint, V1Toleration } from "@kubernetes/client-node";

/** As `oc adm taint` writes it: `infra=reserved:NoSchedule`. */
export function taintText({ key, value, effect }: V1Taint): string {
  return `${key}${value ? `=${value}` : ""}:${effect}`;
}

/** As a taint is written, with what it leaves open: `infra exists`, `infra=reserved:NoSchedule`. */
export function tolerationText({ key, operator, value, effect }: V1Toleration): string {
  const what = operator === "Exists" ? `${key ?? "any key"} with any value` : `${key}=${value ?? ""}`;
  return effect ? `${what}:${effect}` : what;
}
