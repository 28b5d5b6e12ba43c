import type { KubernetesObject } from "@kubernetes/client-node";
import { canonical, isBlank } from "../kubernetes/blank";
import { durationSeconds } from "../kubernetes/duration";
import { pathText } from "../kubernetes/field-path";
import {
  appliedBy,
  lostByManager,
  managersOf,
  ownedBy,
  ownedByOther,
  ownedPaths,
} from "../kubernetes/managed-fields";
import { quantityValue } from "../kubernetes/quantity";
import type { Drift } from "./observed";

/** What others set in the fields that a manager applies, read off any object's `metadata.managedFields`. */

export type SpecObject = KubernetesObject & { readonly spec?: object };

/** What a manager applies of an object, from its root: `{ spec: { replicas: 1 } }`. */
export type AskedFields = Readonly<Partial<Record<"spec" | "data" | "immutable" | "metadata", unknown>>>;

/** Whose fields they are. */
export type DriftedObject = Pick<Drift, "kind" | "name">;

const ownsAnnotation = "image-registry/owns";

/** The fields that the stack applies, noted on the object: one that is newly asked for is then told from one that was lost. */
export function ownsNote(asked: object): Record<string, string> {
  const names = fieldsOf(asked).map(({ path }) => pathText(path));
  return { [ownsAnnotation]: names.sort().join(",") };
}

/** Names on the live object what was last taken back from other managers. */
const takenAnnotation = "image-registry/evicted";

/** Another value where something of the object is to be put back, so that the engine has a step to do; the live one otherwise. */
export function takenNote(
  { kind, metadata }: KubernetesObject,
  drift: readonly Drift[],
): Record<string, string> {
  const { annotations, generation, resourceVersion } = metadata ?? {};
  const taken = drift.filter((field) => field.kind === kind && field.remedy !== "change");
  const note = taken.length
    ? `${taken.map(({ path }) => pathText(path)).join("+")}@${generation ?? resourceVersion}`
    : annotations?.[takenAnnotation];
  return note === undefined ? {} : { [takenAnnotation]: note };
}

/**
 * The fields that the manager applied earlier, still asks for, and no longer owns, as the API server
 * keeps record of it (`metadata.managedFields`): whoever changes a field takes it. Fields of others are not looked at.
 * A field asked for without a value (undefined) is one whose value is not to be shown.
 */
export function fieldsLost(
  live: KubernetesObject,
  manager: string,
  asked: AskedFields,
  object: DriftedObject = { kind: live.kind ?? "object" },
): Drift[] {
  const former = formerFields(live);
  return fieldsOf(asked).flatMap(({ path, value }): Drift[] => {
    if (former && !former.has(noteOf(path))) return [];
    if (!lostByManager(live, manager, path)) return [];
    const is = valueAt(live, path);
    const by = managersOf(live, path);
    const lost = { ...object, path, by, remedy: "put back" } as const;
    if (value === undefined) return [{ ...lost, isSecret: true }];
    if (sameValue(is, value) || (is === undefined && isDropped(path, value))) return [];
    return [{ ...lost, is, asked: value }];
  });
}

/**
 * What an apply of the manager changes in fields that others have set and it never had: a preview compares inputs with
 * inputs, and shows none of it. Of an object that a stack which is gone left behind (`isLeft`), the same goes for what that
 * one applied: to the engine, the object is new.
 */
export function firstChanges(
  live: KubernetesObject,
  manager: string,
  asked: AskedFields,
  { isLeft = false, ...object }: Partial<DriftedObject> & { readonly isLeft?: boolean } = {},
): Drift[] {
  const former = formerFields(live);
  const had = (path: readonly string[]) =>
    appliedBy(live, manager) &&
    (former?.has(noteOf(path)) ?? true) &&
    !(isLeft && ownedBy(live, manager, path));
  const fields = [...fieldsOf(asked), ...(isLeft ? askedNoMore(live, manager, asked) : [])];
  return fields.flatMap(({ path, value, isGone }): Drift[] => {
    const is = valueAt(live, path);
    if (had(path) || is === undefined || sameValue(is, value)) return [];
    if (value === undefined && !isGone) return [];
    const field = { kind: live.kind ?? "object", ...object, path, is, by: managersOf(live, path) };
    return [{ ...field, asked: value, remedy: "change" }];
  });
}

/** What the manager owns alone and asks for no more: the next apply takes it away. */
function askedNoMore(live: KubernetesObject, manager: string, asked: AskedFields): Field[] {
  const paths = fieldsOf(asked).map(({ path }) => pathText(path));
  const isAsked = (field: string) =>
    paths.some((path) => `${field}.`.startsWith(`${path}.`) || `${path}.`.startsWith(`${field}.`));
  return ownedPaths(live, manager)
    .filter(([root]) => root !== undefined && root in asked)
    .filter((path) => !isAsked(pathText(path)) && !ownedByOther(live, manager, path))
    .map((path) => ({ path, value: undefined, isGone: true }));
}

function formerFields({ metadata }: KubernetesObject): Set<string> | undefined {
  const note = metadata?.annotations?.[ownsAnnotation];
  return note === undefined ? undefined : new Set(note.split(","));
}

function valueAt(object: object, path: readonly string[]): unknown {
  return path.reduce<unknown>((inner, key) => (inner as Record<string, unknown> | undefined)?.[key], object);
}

// The note has the fields of the spec.
function noteOf([, ...path]: readonly string[]): string {
  return pathText(path);
}

interface Field {
  readonly path: readonly string[];
  readonly value: unknown;
  /** It is asked for no more. One that has no value otherwise is a secret. */
  readonly isGone?: boolean;
}

/** Down to scalars, lists and empty objects: server-side apply keeps an owner for each of these. */
function fieldsOf(value: object, path: readonly string[] = []): Field[] {
  return Object.entries(value).flatMap(([key, inner]: [string, unknown]): Field[] => {
    const here = [...path, key];
    const isMap = typeof inner === "object" && inner !== null && !Array.isArray(inner);
    // A spec of which nothing is asked is not asked to be empty.
    if (isMap && (Object.keys(inner).length || path.length === 0)) return fieldsOf(inner, here);
    return [{ path: here, value: inner }];
  });
}

// The operator leaves blank values out whenever it writes the spec. In a map of labels a blank is a value, though, and
// an empty object under storage is a backend.
function isDropped([, section]: readonly string[], value: unknown): boolean {
  return section !== "nodeSelector" && section !== "storage" && isBlank(value);
}

/** Whether the operator may have written the one for the other: it spells quantities and durations in its own way. */
function sameValue(one: unknown, other: unknown): boolean {
  if (one === undefined || other === undefined) return one === other;
  if (canonical(one) === canonical(other)) return true;
  return [quantityValue, durationSeconds].some((read) => {
    const [first, second] = [one, other].map((value) =>
      typeof value === "string" || typeof value === "number" ? read(String(value)) : undefined,
    );
    return first !== undefined && first === second;
  });
}
