import type { V1Pod, V1ResourceQuota, V1ResourceQuotaSpec } from "@kubernetes/client-node";
import type { Amounts } from "./limit-range";
import type { AdmittedPod } from "./namespace-limits";
import { amounts, requestsOf, type Resources } from "./scheduling/resources";

/** What a ResourceQuota does not let in. */
export interface Shortage {
  /** Name of the ResourceQuota. */
  readonly quota: string;
  /** As the quota names it: requests.cpu. */
  readonly resource: string;
  /** Undefined where the pods do not say how much they want, and the quota wants them to. */
  readonly asked: number | undefined;
  readonly left: number;
  readonly hard: number;
}

/** What is missing for so many pods more, once those that go are gone. */
export function podShortages(
  quotas: readonly V1ResourceQuota[],
  pod: AdmittedPod,
  count: number,
  going: readonly V1Pod[] = [],
): Shortage[] {
  return quotas
    .filter(({ spec }) => isAbout(spec, pod))
    .flatMap((quota) => {
      const freed = going.map(amountsOf);
      return shortages(quota, (resource) => {
        const one = podAmount(resource, pod);
        if (one === "none") return undefined;
        const free = freed.reduce((sum, gone) => sum + (numberOf(podAmount(resource, gone)) ?? 0), 0);
        return { asked: one === "unsaid" ? undefined : one * count, free };
      });
    });
}

/** What is missing for one claim more, of so many bytes. */
export function claimShortages(
  quotas: readonly V1ResourceQuota[],
  bytes: number,
  storageClass: string | undefined,
): Shortage[] {
  const ofClass = `${storageClass}.storageclass.storage.k8s.io/`;
  const amountOf = (resource: string) => {
    const name = resource.startsWith(ofClass) ? resource.slice(ofClass.length) : resource;
    if (name === "requests.storage") return bytes;
    return name === "persistentvolumeclaims" || name === "count/persistentvolumeclaims" ? 1 : undefined;
  };
  return quotas.flatMap((quota) =>
    shortages(quota, (resource) => {
      const asked = amountOf(resource);
      return asked === undefined ? undefined : { asked, free: 0 };
    }),
  );
}

/** The amounts that count for a resource; undefined where it is not about such objects. */
type Counted = { readonly asked: number | undefined; readonly free: number } | undefined;

function shortages({ metadata, spec, status }: V1ResourceQuota, count: (resource: string) => Counted) {
  const used = amounts(status?.used);
  return Object.entries(amounts(spec?.hard)).flatMap(([resource, hard]): Shortage[] => {
    const counted = count(resource);
    if (!counted) return [];
    const left = hard - (used[resource] ?? 0) + counted.free;
    // Sums of fractions of a core are not exact.
    if (counted.asked !== undefined && counted.asked <= left + 1e-9) return [];
    return [{ quota: metadata?.name ?? "", resource, asked: counted.asked, left: Math.max(left, 0), hard }];
  });
}

/** A pod has to say how much it wants of these where a quota counts them. */
const mustBeSaid = /^(requests\.|limits\.)?(cpu|memory)$/;

function podAmount(resource: string, { requests, limits }: Amounts): number | "unsaid" | "none" {
  if (resource === "pods" || resource === "count/pods") return 1;
  const [, kind, name = resource] = /^(requests|limits)\.(.+)$/.exec(resource) ?? [];
  if (name === "storage") return "none";
  const isOfPods = kind !== undefined || ["cpu", "memory", "ephemeral-storage"].includes(resource);
  if (!isOfPods) return "none";
  const amount = (kind === "limits" ? limits : requests)[name];
  return amount ?? (mustBeSaid.test(resource) ? "unsaid" : 0);
}

function numberOf(amount: number | string): number | undefined {
  return typeof amount === "number" ? amount : undefined;
}

function amountsOf({ spec }: V1Pod): Amounts {
  const limits: Record<string, number> = {};
  for (const { resources } of spec?.containers ?? [])
    for (const [name, amount] of Object.entries(amounts(resources?.limits)))
      limits[name] = (limits[name] ?? 0) + amount;
  const requests: Resources = spec ? requestsOf(spec) : {};
  return { requests, limits };
}

/** Whether the quota counts such pods, which run until they are deleted. */
function isAbout(spec: V1ResourceQuotaSpec | undefined, { requests, limits, priorityClass }: AdmittedPod) {
  const isBestEffort = Object.keys({ ...requests, ...limits }).length === 0;
  const scopes = [
    ...(spec?.scopes ?? []).map((scopeName) => ({ scopeName, operator: "Exists", values: undefined })),
    ...(spec?.scopeSelector?.matchExpressions ?? []),
  ];
  return scopes.every(({ scopeName, operator, values = [] }) => {
    switch (scopeName) {
      case "BestEffort":
        return isBestEffort;
      case "NotBestEffort":
        return !isBestEffort;
      case "NotTerminating":
        return true;
      case "PriorityClass":
        return operator === "In" || operator === "NotIn"
          ? values.includes(priorityClass ?? "") === (operator === "In")
          : (priorityClass !== undefined) === (operator === "Exists");
      default:
        return false;
    }
  });
}
