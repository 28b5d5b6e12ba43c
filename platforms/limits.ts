import type { V1Pod } from "@kubernetes/client-node";
import { claimOutOfRange, podOutOfRange, withDefaults } from "../kubernetes/limit-range";
import { classFor, sizeOf } from "../backends/class-claim";
import type { AdmittedPod, NamespaceLimits } from "../kubernetes/namespace-limits";
import { parseQuantity } from "../kubernetes/quantity";
import { claimShortages, podShortages } from "../kubernetes/quota";
import type { LimitFinding } from "./finding";
import type { Rolling } from "./node-findings";
import type { RegistryPlan } from "./plan";
import type { LiveRegistry } from "./platform";

type Live = Pick<LiveRegistry, "limits" | "claims" | "classes" | "pods">;

/** What the API server will not let in: pods that then are never made, and a claim at which an up ends half-way. */
export function limitFindings(
  live: Live,
  pod: AdmittedPod,
  plan: RegistryPlan,
  rolling: Rolling,
): LimitFinding[] {
  if (!live.limits) return [];
  const pods =
    plan.managementState === "Managed" && !rolling.serves
      ? podFindings(live, live.limits, pod, plan, rolling)
      : [];
  return [...claimFindings(live, live.limits, plan), ...pods];
}

function podFindings(
  { pods }: Live,
  { quotas, ranges }: NamespaceLimits,
  pod: AdmittedPod,
  { replicas }: RegistryPlan,
  { keepsOld }: Rolling,
): LimitFinding[] {
  const admitted = { ...pod, ...withDefaults(ranges, pod) };
  const own = pods.filter(isCounted);
  const all = podShortages(quotas, admitted, replicas, own);
  const beside = all.length || !keepsOld || own.length === 0 ? [] : podShortages(quotas, admitted, 1);
  return [
    ...podOutOfRange(ranges, admitted).map((amount): LimitFinding => ({
      kind: "pod is out of range",
      field: "registry.resources",
      amount,
    })),
    ...all.map((shortage): LimitFinding => ({ kind: "quota lets no pods in", field: "replicas", shortage })),
    ...beside.map((shortage): LimitFinding => ({
      kind: "quota lets no new pod in",
      field: "rolloutStrategy",
      shortage,
    })),
  ];
}

function isCounted({ status }: V1Pod): boolean {
  return status?.phase !== "Succeeded" && status?.phase !== "Failed";
}

function claimFindings(
  { claims, classes }: Live,
  { quotas, ranges }: NamespaceLimits,
  { backend: { needs = {} } }: RegistryPlan,
): LimitFinding[] {
  const { volume, claim = volume } = needs;
  if (!claim || claims.some(({ metadata }) => metadata?.name === claim.claimName)) return [];
  const bytes = parseQuantity(volume?.size ?? sizeOf(claim, undefined)) ?? 0;
  const field = volume ? "nfs.size" : "pvc.size";
  const storageClass = needs.claim && classFor({ claims, classes }, needs.claim)?.metadata?.name;
  return [
    ...claimOutOfRange(ranges, bytes).map((amount): LimitFinding => ({
      kind: "claim is out of range",
      field,
      amount,
    })),
    ...claimShortages(quotas, bytes, storageClass).map((shortage): LimitFinding => ({
      kind: "quota lets no claim in",
      field,
      shortage,
    })),
  ];
}
