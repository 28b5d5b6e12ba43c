import type { Message } from "../../stack/events";
import type { Changes } from "./events";
import type { ResourceChange } from "./resource-changes";
import { hasFailed, type PulumiRun } from "./run";

/** GitHub takes a comment or issue of so many characters; GitLab takes more. */
export const bodyLimit = 65_536;

const icons = { error: "🛑", warning: "⚠️", info: "ℹ️" };
const signs: Partial<Record<string, string>> = {
  create: "+",
  update: "~",
  delete: "-",
  replace: "±",
  import: "=",
};

/** What a run is about, in one line: "create 2, update 1". */
export function describeChanges(changes: Changes): string {
  return (
    Object.entries(changes)
      .map(([operation, count]) => `${operation} ${count}`)
      .join(", ") || "no changes"
  );
}

/** A run as Markdown, without what the engine wrote: outcome, findings, and each resource that changes. */
export function outline(title: string, run: PulumiRun): string {
  const outcome = hasFailed(run) ? "**failed**" : describeChanges(run.changes);
  const resources = run.resources.map(describeResource).join("\n");
  return [
    `### ${title}: ${outcome}`,
    ...run.findings.map(describeFinding),
    ...(resources === "" ? [] : [fenced(resources)]),
  ].join("\n\n");
}

/**
 * The same, and then what the engine wrote. Where all of it is too long, the engine's text loses its end, because what it
 * is about has already been said.
 */
export function report(title: string, run: PulumiRun, limit = bodyLimit): string {
  const head = outline(title, run);
  const fence = fenceFor(run.output);
  const frame = (text: string, note = "") =>
    `<details><summary>What Pulumi wrote</summary>\n\n${fence}text\n${text}\n${fence}\n\n${note}</details>\n`;
  const output = run.output.trimEnd();
  const whole = `${head}\n\n${frame(output)}`;
  if (whole.length <= limit) return whole;
  const note = "The rest is left out here, for it is too long; the job's log has all of it.\n\n";
  const room = limit - `${head}\n\n${frame("", note)}`.length;
  return room > 0 ? `${head}\n\n${frame(firstOf(output, room), note)}` : shortened(head, limit);
}

/** The beginning of a text, with a note that there is more. */
export function shortened(text: string, limit: number): string {
  const note = "\n\nThe rest is left out here, for it is too long; the job's log has all of it.\n\n";
  return text.length <= limit ? text : closed(firstOf(text, limit - note.length - 5)) + note;
}

function describeFinding({ severity, message }: Message): string {
  return `${icons[severity]} ${severity}\n\n${fenced(message)}`;
}

function describeResource({ operation, name, type, properties }: ResourceChange): string {
  const lines = properties.map(({ path, from, to }) => {
    const values =
      from === undefined && to === undefined ? "" : `: ${from ?? "nothing"} → ${to ?? "nothing"}`;
    return `    ${path}${values}`;
  });
  return [`${signs[operation] ?? "?"} ${operation} ${name} (${type})`, ...lines].join("\n");
}

/** As text, not as Markdown: it quotes names and values from configuration and cluster. */
function fenced(text: string): string {
  const fence = fenceFor(text);
  return `${fence}text\n${text}\n${fence}`;
}

function fenceFor(text: string): string {
  return "`".repeat(Math.max(3, ...(text.match(/`+/g) ?? []).map(({ length }) => length + 1)));
}

/** With an end for the fence that was cut, if one was. */
function closed(text: string): string {
  const fences = text.match(/^`{3,}(text)?$/gm) ?? [];
  return fences.length % 2 === 0 ? text : `${text}\n${fences.at(-1)!.replace("text", "")}`;
}

function firstOf(text: string, length: number): string {
  // Not between the halves of a surrogate pair.
  return text.slice(0, length).replace(/[\ud800-\udbff]$/, "");
}
