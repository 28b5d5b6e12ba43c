import type { EngineEvent } from "@pulumi/pulumi/automation";

/** What a run would do to a resource, or has begun to do. */
export interface ResourceChange {
  /** As the engine has it: create, update, replace, delete, import. */
  readonly operation: string;
  readonly name: string;
  readonly type: string;
  readonly properties: readonly PropertyChange[];
}

export interface PropertyChange {
  /** As the engine writes it: `spec.storage.pvc`. */
  readonly path: string;
  /** As JSON, the beginning of it where it is long; nothing where there is no such property. */
  readonly from?: string;
  readonly to?: string;
}

/** Steps that leave the resource as it is; a refresh shows what every controller wrote into every object's status. */
const idle = ["same", "refresh", "read", "read-replacement", "discard-read", "remove-pending-replace"];
/** The two halves of a replacement, which is a step by itself. */
const halves = ["create-replacement", "delete-replaced", "discard-replaced"];
const longest = 120;

/** What the engine calls a secret's marker, in place of the secret. */
const secretMarker = "4dabf18193072939515e22adb298388d";

type Metadata = NonNullable<EngineEvent["resourcePreEvent"]>["metadata"];

/** All resources that a run changes, and in what; told before each step, so the same in preview and up. */
export function resourceChanges(events: readonly EngineEvent[]): ResourceChange[] {
  return events.flatMap(({ resourcePreEvent }) => {
    if (!resourcePreEvent) return [];
    const { op, urn, type, ...metadata } = resourcePreEvent.metadata;
    if ([...idle, ...halves].includes(op)) return [];
    const name = urn.split("::").slice(3).join("::");
    return [{ operation: op, name, type, properties: propertiesOf(metadata) }];
  });
}

function propertiesOf({
  detailedDiff,
  diffs,
  old,
  new: wanted,
}: Omit<Metadata, "op" | "urn" | "type">): PropertyChange[] {
  const paths = Object.entries(detailedDiff ?? {});
  if (paths.length === 0) return (diffs ?? []).map((path) => ({ path }));
  return paths.sort().map(([path, { inputDiff }]) => ({
    path,
    from: shown((inputDiff ? old?.inputs : old?.outputs) ?? {}, path),
    to: shown(wanted?.inputs ?? {}, path),
  }));
}

function shown(values: object, path: string): string | undefined {
  let value: unknown = values;
  for (const [, quoted, index, name] of path.matchAll(/\["([^"]*)"\]|\[(\d+)\]|([^.[\]]+)/g)) {
    if (isSecret(value)) break;
    value = (value as Record<string, unknown> | undefined)?.[quoted ?? index ?? name ?? ""];
  }
  const text = isSecret(value) ? "[secret]" : JSON.stringify(value);
  return text === undefined || text.length <= longest ? text : `${text.slice(0, longest)}…`;
}

function isSecret(value: unknown): boolean {
  return typeof value === "object" && value !== null && secretMarker in value;
}

/** The same with every value changed by a function. */
export function withTexts(resource: ResourceChange, change: (text: string) => string): ResourceChange {
  const changed = (text?: string) => (text === undefined ? undefined : change(text));
  const properties = resource.properties.map(({ path, from, to }) => ({
    path,
    from: changed(from),
    to: changed(to),
  }));
  return { ...resource, properties };
}
