import type { KubernetesObject } from "@kubernetes/client-node";
import { foreignStores } from "../../backends/stores";
import type { ConfigSpec } from "../../crds/types";
import { canonical, isBlank } from "../../kubernetes/blank";
import { durationSeconds } from "../../kubernetes/duration";
import { registryManager } from "../../kubernetes/field-managers";
import { appliedBy, lostByManager, managersOf } from "../../kubernetes/managed-fields";
import { quantityValue } from "../../kubernetes/quantity";
import type { RegistryPlan } from "../plan";
import type { Drift } from "../platform";
import type { RegistrySettings } from "../settings";
import { askedSpec } from "./plan";
import type { RegistryConfig } from "./registry";

export type SpecObject = KubernetesObject & { readonly spec?: object };

/**
 * All that other managers set in the Config and the stack wants otherwise. Pulumi compares inputs with inputs and sees
 * none of it: only when it changes an input of the patch does an unchanged stack get a step that puts it right.
 */
export function configDrift(live: RegistryConfig, plan: RegistryPlan): Drift[] {
  const by = (...path: string[]) => managersOf(live, ["spec", ...path]);
  return [
    ...foreignStores(live.spec.storage, plan.storage).map((field) => ({
      kind: "Config",
      field,
      is: live.spec.storage?.[field],
      asked: plan.storage,
      by: by("storage", field),
      remedy: "evict" as const,
    })),
    ...fieldsLost(live, registryManager, askedSpec(plan)),
    ...setByOthers(live.spec, plan.settings).map((field) => ({
      kind: "Config",
      field,
      is: live.spec[field],
      by: by(field),
      remedy: "clear" as const,
    })),
  ];
}

/** The settings asked to be blank that another manager has set: to leave them out would not change them. */
export function setByOthers(live: ConfigSpec, settings: RegistrySettings): (keyof RegistrySettings)[] {
  const asked = Object.entries(settings) as [keyof RegistrySettings, unknown][];
  return asked.flatMap(([key, value]) => (isBlank(value) && !isBlank(live[key]) ? [key] : []));
}

const ownsAnnotation = "image-registry/owns";

/** The fields that the stack applies, noted on the object: one that is newly asked for is then told from one that was lost. */
export function ownsNote(asked: object): Record<string, string> {
  const names = fieldsOf(asked).map(({ path }) => nameOf(path));
  return { [ownsAnnotation]: names.sort().join(",") };
}

/**
 * The fields under the spec that the manager applied earlier, still asks for, and no longer owns, as the API server
 * keeps record of it (`metadata.managedFields`): whoever changes a field takes it. Fields of others are not looked at.
 * A field asked for without a value (undefined) is one whose value is not to be shown.
 */
export function fieldsLost(live: SpecObject, manager: string, asked: object): Drift[] {
  const note = live.metadata?.annotations?.[ownsAnnotation];
  const former = note === undefined ? undefined : new Set(note.split(","));
  return fieldsOf(asked).flatMap(({ path, value }): Drift[] => {
    const field = nameOf(path);
    if (former && !former.has(field)) return [];
    if (!lostByManager(live, manager, ["spec", ...path])) return [];
    const is = valueAt(live.spec, path);
    const lost = { kind: kindOf(live), field, by: managersOf(live, ["spec", ...path]) };
    if (value === undefined) return [{ ...lost, remedy: "put back", isSecret: true }];
    if (sameValue(is, value) || (is === undefined && isDropped(path, value))) return [];
    return [{ ...lost, is, asked: value, remedy: "put back" }];
  });
}

/**
 * What the first apply of the manager changes in fields that others have set: a preview of a patch that is yet to be
 * made shows none of it.
 */
export function firstChanges(live: SpecObject, manager: string, asked: object): Drift[] {
  if (appliedBy(live, manager)) return [];
  return fieldsOf(asked).flatMap(({ path, value }): Drift[] => {
    const is = valueAt(live.spec, path);
    if (is === undefined || value === undefined || sameValue(is, value)) return [];
    const by = managersOf(live, ["spec", ...path]);
    return [{ kind: kindOf(live), field: nameOf(path), is, asked: value, by, remedy: "change" }];
  });
}

function kindOf({ kind = "object" }: SpecObject): string {
  return kind;
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
  return section !== "nodeSelector" && section !== "storage" && isBlank(value);
}

function nameOf(path: readonly string[]): string {
  return path.join(".");
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
