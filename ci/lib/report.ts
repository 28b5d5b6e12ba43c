import { changesProposed } from "../../stack/cli";
import type { Message } from "../../stack/events";
import type { Changes } from "./events";
import type { PulumiRun } from "./pulumi";

/** GitHub takes a comment or issue of so many characters; GitLab takes more. */
export const bodyLimit = 65_536;

const icons = { error: "🛑", warning: "⚠️", info: "ℹ️" };

/** What a run is about, in one line: "create 2, update 1". */
export function describeChanges(changes: Changes): string {
  return (
    Object.entries(changes)
      .map(([operation, count]) => `${operation} ${count}`)
      .join(", ") || "no changes"
  );
}

/**
 * A run as Markdown: outcome and findings first, whole, and then what the engine wrote. Where all of it is too long,
 * the engine's text loses its end, because findings and outcome have already been said.
 */
export function report(title: string, run: PulumiRun, limit = bodyLimit): string {
  const outcome = [0, changesProposed].includes(run.exitCode) ? describeChanges(run.changes) : "**failed**";
  const head = [`### ${title}: ${outcome}`, ...run.findings.map(describeFinding)].join("\n\n");
  const fence = "`".repeat(Math.max(3, longestRun(run.output) + 1));
  const frame = (text: string, note = "") =>
    `<details><summary>What Pulumi wrote</summary>\n\n${fence}text\n${text}\n${fence}\n\n${note}</details>\n`;
  const output = run.output.trimEnd();
  const whole = `${head}\n\n${frame(output)}`;
  if (whole.length <= limit) return whole;
  const note = "The rest is left out here, for it is too long; the job's log has all of it.\n\n";
  const room = limit - `${head}\n\n${frame("", note)}`.length;
  if (room > 0) return `${head}\n\n${frame(cut(output, room), note)}`;
  return `${cut(head, limit - note.length - 2)}\n\n${note}`;
}

function describeFinding({ severity, message }: Message): string {
  const fence = "`".repeat(Math.max(3, longestRun(message) + 1));
  // As text, not as Markdown: a message quotes names and values from configuration and cluster.
  return `${icons[severity]} ${severity}\n\n${fence}text\n${message}\n${fence}`;
}

function longestRun(text: string): number {
  return Math.max(0, ...(text.match(/`+/g) ?? []).map(({ length }) => length));
}

function cut(text: string, length: number): string {
  // Not between the halves of a surrogate pair.
  return text.slice(0, length).replace(/[\ud800-\udbff]$/, "");
}
