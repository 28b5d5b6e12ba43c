import type { V1LimitRange, V1LimitRangeItem } from "@kubernetes/client-node";
import { amounts, type Resources } from "./scheduling/resources";

/** What the container of a pod asks for. */
export interface Amounts {
  readonly requests: Resources;
  readonly limits: Resources;
}

/** An amount that the API server refuses for a LimitRange. */
export interface OutOfRange {
  /** Name of the LimitRange. */
  readonly range: string;
  readonly resource: string;
  readonly of: "request" | "limit" | "limit by request";
  /** Undefined where none is given, and one must be. */
  readonly is: number | undefined;
  readonly least?: number;
  readonly most?: number;
}

/** As admission fills in what is left open: the first LimitRange that has a default wins. */
export function withDefaults(ranges: readonly V1LimitRange[], { requests, limits }: Amounts): Amounts {
  const of = itemsOf(ranges, "Container").map(({ item }) => item);
  const defaults = (key: "default" | "defaultRequest") =>
    of.map((item) => amounts(item[key])).reduceRight<Resources>((rest, first) => ({ ...rest, ...first }), {});
  return {
    // What is limited and not asked for is asked for up to its limit.
    requests: { ...defaults("defaultRequest"), ...limits, ...requests },
    limits: { ...defaults("default"), ...limits },
  };
}

/** Why a pod of one container, its defaults filled in, is refused. */
export function podOutOfRange(ranges: readonly V1LimitRange[], { requests, limits }: Amounts): OutOfRange[] {
  return [...itemsOf(ranges, "Container"), ...itemsOf(ranges, "Pod")].flatMap(({ range, item }) => {
    const [min, max, ratio] = [item.min, item.max, item.maxLimitRequestRatio].map(amounts);
    const found: OutOfRange[] = [];
    for (const [resource, least] of Object.entries(min ?? {})) {
      const [request, limit] = [requests[resource], limits[resource]];
      if (request === undefined || request < least)
        found.push({ range, resource, of: "request", is: request, least });
      else if (limit !== undefined && limit < least)
        found.push({ range, resource, of: "limit", is: limit, least });
    }
    for (const [resource, most] of Object.entries(max ?? {})) {
      const [request, limit] = [requests[resource], limits[resource]];
      if (request !== undefined && request > most)
        found.push({ range, resource, of: "request", is: request, most });
      else if (limit === undefined || limit > most)
        found.push({ range, resource, of: "limit", is: limit, most });
    }
    // A limit that is filled in is no more than the request that is given.
    for (const [resource, most] of Object.entries(amounts(item.default))) {
      const request = requests[resource];
      const isTold = max?.[resource] !== undefined;
      if (!isTold && limits[resource] === most && request !== undefined && request > most)
        found.push({ range, resource, of: "request", is: request, most });
    }
    for (const [resource, most] of Object.entries(ratio ?? {})) {
      const [request, limit] = [requests[resource], limits[resource]];
      const is = request && limit !== undefined ? limit / request : undefined;
      if (is === undefined || is > most) found.push({ range, resource, of: "limit by request", is, most });
    }
    return found;
  });
}

/** Why a claim of so many bytes is refused. */
export function claimOutOfRange(ranges: readonly V1LimitRange[], is: number): OutOfRange[] {
  return itemsOf(ranges, "PersistentVolumeClaim").flatMap(({ range, item }): OutOfRange[] => {
    const about = { range, resource: "storage", of: "request", is } as const;
    const [{ storage: least = 0 }, { storage: most = Infinity }] = [amounts(item.min), amounts(item.max)];
    if (is < least) return [{ ...about, least }];
    return is > most ? [{ ...about, most }] : [];
  });
}

/** As the API server has it: the client's type has another name for what is a keyword in TypeScript. */
type Item = Omit<V1LimitRangeItem, "_default"> & { readonly default?: Readonly<Record<string, string>> };

function itemsOf(
  ranges: readonly V1LimitRange[],
  type: string,
): { readonly range: string; readonly item: Item }[] {
  return ranges.flatMap(({ metadata, spec }) =>
    ((spec?.limits ?? []) as Item[])
      .filter((item) => item.type === type)
      .map((item) => ({ range: metadata?.name ?? "", item })),
  );
}
