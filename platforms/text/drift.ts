import type { Storage } from "../../backends/backend";
import { describeStorage } from "../../backends/stores";
import { pathText } from "../../kubernetes/field-path";
import type { Drift } from "../observed";

/** What an up does about it: "will put back spec.replicas …". */
export function driftText(drift: Drift): string {
  const { path, is, asked, by, remedy } = drift;
  const field = pathText(path);
  switch (remedy) {
    case "evict":
      return (
        `will evict ${pathText(path.slice(-1))} from spec.storage of the live registry: ` +
        `${describeStorage(asked as Storage)} is to be its only backend${setBy(by)}`
      );
    case "clear":
      return `will clear ${field} of the live registry, which ${by.join(", ") || "another manager"} set`;
    case "change":
      if (drift.isSecret)
        return `will change ${field} of the ${objectText(drift)}${setBy(by)}; no value of it is shown`;
      return `will change ${field} of the ${objectText(drift)} from ${shown(is)}${setBy(by)} to ${shown(asked)}`;
    case "put back":
      return `will put back ${field} of the ${objectText(drift)}: it ${changeText(drift)}`;
  }
}

function shown(value: unknown): string {
  return value === undefined ? "nothing" : JSON.stringify(value);
}

function objectText({ kind, name }: Drift): string {
  return name === undefined ? kind : `${kind} "${name}"`;
}

function setBy(by: readonly string[]): string {
  return by.length ? ` (set by ${by.join(", ")})` : "";
}

function changeText({ is, asked, by, remedy, isSecret }: Drift): string {
  const who = by.length ? `by ${by.join(", ")}` : "by hand";
  if (isSecret) return `was changed ${who}`;
  if (remedy === "evict" || asked === undefined) return `was added ${who}`;
  return `is ${is === undefined ? "gone" : JSON.stringify(is)} ${who}, asked is ${JSON.stringify(asked)}`;
}

/** Why an up ends before its time: others write what the stack has just written, and will again. */
export function overruledText(overruled: readonly Drift[]): string {
  const rivals = [...new Set(overruled.flatMap(({ by }) => by))].join(", ");
  const lines = overruled.map(
    (drift) => `  ${pathText(drift.path)} of the ${objectText(drift)} ${changeText(drift)}`,
  );
  const removed = overruled.some(({ by }) => by.length === 0)
    ? ["  of a field that is taken away no manager is on record; the API server's audit log has it"]
    : [];
  return [
    "the registry was changed back while this up ran, and will not become what the stack asks for:",
    ...lines,
    ...removed,
    `  to do: take ${overruled.length > 1 ? "these fields" : "this field"} out of what ` +
      `${rivals || "the other program"} applies, or ask for its value in this stack; then pulumi up`,
  ].join("\n");
}
