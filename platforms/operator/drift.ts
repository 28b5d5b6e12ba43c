import type { KubernetesObject } from "@kubernetes/client-node";
import { quantityValue } from "../../kubernetes/quantity";
import { canonical } from "../../kubernetes/canonical";
import { appliedBy, lostByManager, managersOf } from "../../kubernetes/managed-fields";

/** A field that this stack had applied and somebody changed since. */
export interface Drift {
  /** Its path in the spec: `replicas`, `storage.s3.bucket`. */
  readonly name: string;
  readonly described: string;
}

export type SpecObject = KubernetesObject & { readonly spec?: object };

const ownsAnnotation = "image-registry/owns";

/** The fields that the stack applies, noted on the object: one that is newly asked for is then told from one that was lost. */
export function ownsNote(asked: object): Record<string, string> {
  return {
    [ownsAnnotation]: fieldsOf(asked)
      .map(({ path }) => nameOf(path))
      .sort()
      .join(","),
  };
}

/**
 * The fields under the spec that the manager applied earlier, still asks for, and no longer owns, as the API server
 * keeps record of it (`metadata.managedFields`): whoever changes a field takes it. Fields of others are not looked at.
 * A field asked for without a value (undefined) is one whose value is not to be shown.
 */
export function driftOf(live: SpecObject, manager: string, asked: object): Drift[] {
  const note = live.metadata?.annotations?.[ownsAnnotation];
  const former = note === undefined ? undefined : new Set(note.split(","));
  return fieldsOf(asked).flatMap(({ path, value }) => {
    const name = nameOf(path);
    if (former && !former.has(name)) return [];
    if (!lostByManager(live, manager, ["spec", ...path])) return [];
    const found = valueAt(live.spec, path);
    if (value !== undefined && (sameValue(found, value) || (found === undefined && isDropped(path, value))))
      return [];
    const managers = managersOf(live, ["spec", ...path]);
    const by = managers.length ? ` by ${managers.join(", ")}` : " by hand";
    const change =
      value === undefined
        ? `was changed${by}`
        : `is ${found === undefined ? "gone" : JSON.stringify(found)}${by}, asked is ${JSON.stringify(value)}`;
    return [{ name, described: `will put back spec.${name} of the ${live.kind}: it ${change}` }];
  });
}

/**
 * What the first apply of the manager changes in fields that others have set: a preview of a patch that is yet to be
 * made shows none of it.
 */
export function firstChanges(live: SpecObject, manager: string, asked: object): string[] {
  if (appliedBy(live, manager)) return [];
  return fieldsOf(asked).flatMap(({ path, value }) => {
    const found = valueAt(live.spec, path);
    if (found === undefined || value === undefined || sameValue(found, value)) return [];
    return [
      `will change spec.${nameOf(path)} of the ${live.kind} from ${JSON.stringify(found)} to ${JSON.stringify(value)}`,
    ];
  });
}

function valueAt(spec: object | undefined, path: readonly string[]): unknown {
  return path.reduce<unknown>((inner, key) => (inner as Record<string, unknown> | undefined)?.[key], spec);
}

interface Field {
  readonly path: readonly string[];
  readonly value: unknown;
}

/** Down to scalars, lists and empty objects: server-side apply keeps an owner for each of these. */
function fieldsOf(value: object, path: readonly string[] = []): Field[] {
  return Object.entries(value).flatMap(([key, inner]: [string, unknown]): Field[] => {
    const here = [...path, key];
    if (typeof inner === "object" && inner !== null && !Array.isArray(inner) && Object.keys(inner).length)
      return fieldsOf(inner, here);
    return [{ path: here, value: inner }];
  });
}

// The operator leaves blank values out whenever it writes the spec. In a map of labels a blank is a value, though, and
// an empty object under storage is a backend.
function isDropped([section]: readonly string[], value: unknown): boolean {
  if (section === "nodeSelector" || section === "storage") return false;
  if (typeof value === "object" && value !== null) return Object.keys(value).length === 0;
  return value === null || value === false || value === "" || value === 0;
}

function nameOf(path: readonly string[]): string {
  return path.join(".");
}

/** Whether the operator may have written the one for the other: it spells quantities and durations in its own way. */
function sameValue(one: unknown, other: unknown): boolean {
  if (one === undefined || other === undefined) return one === other;
  if (canonical(one) === canonical(other)) return true;
  return [quantityValue, seconds].some((read) => {
    const [first, second] = [one, other].map((value) =>
      typeof value === "string" || typeof value === "number" ? read(String(value)) : undefined,
    );
    return first !== undefined && first === second;
  });
}

/** A duration as Go writes it: `1h0m0s` is `60m`. */
function seconds(text: string): number | undefined {
  const units: Readonly<Record<string, number>> = {
    h: 3600,
    m: 60,
    s: 1,
    ms: 1e-3,
    us: 1e-6,
    µs: 1e-6,
    ns: 1e-9,
  };
  if (!/^(\d+(\.\d*)?(h|m|s|ms|us|µs|ns))+$/.test(text)) return undefined;
  const parts = [...text.matchAll(/([\d.]+)(ms|us|µs|ns|h|m|s)/g)];
  return parts.reduce((sum, [, count, unit = ""]) => sum + Number(count) * (units[unit] ?? 0), 0);
}
