import { styleText } from "node:util";
import type { Diagnostic, RunResult, Step } from "./types";

const marks = {
  create: ["+", "green", "created", "to create"],
  update: ["~", "yellow", "updated", "to update"],
  replace: ["+-", "magenta", "replaced", "to replace"],
  delete: ["-", "red", "deleted", "to delete"],
  retain: ["-", "cyan", "left as it is and forgotten", "to leave as it is and forget"],
  same: [" ", "dim", "unchanged", "unchanged"],
} as const;

/** A run the way `pulumi up` ends: what was (or would be) done, what was said, the outputs, the counts. */
export function display({ steps, diagnostics, outputs }: RunResult, planned: boolean): string {
  const sections = [
    steps.filter(({ op }) => op !== "same").map(stepLine),
    heading("Diagnostics:", diagnostics.filter(({ ephemeral }) => !ephemeral).map(diagnosticLine)),
    heading(
      "Outputs:",
      Object.entries(outputs).map(([key, value]) => `  ${key}: ${text(value)}`),
    ),
    heading("Resources:", counts(steps, planned)),
  ];
  return sections.flatMap((lines) => (lines.length > 0 ? [lines.join("\n")] : [])).join("\n\n");
}

function stepLine({ op, type, name, diff }: Step): string {
  const [mark, color] = marks[op];
  const paths = diff.length > 0 ? ` [${diff.map((path) => `~${path}`).join(", ")}]` : "";
  return styleText(color, ` ${mark.padEnd(2)} ${type} ${name}${paths}`);
}

function diagnosticLine({ severity, message, urn }: Diagnostic): string {
  const about = urn === undefined ? "" : `${urn.split("::").at(-1)}: `;
  const color = ({ info: "dim", warning: "yellow", error: "red" } as const)[severity];
  return `  ${styleText(color, `${severity}:`)} ${about}${message.replaceAll("\n", "\n    ")}`;
}

function counts(steps: Step[], planned: boolean): string[] {
  return Object.entries(marks).flatMap(([op, [mark, color, done, todo]]) => {
    const count = steps.filter((step) => step.op === op).length;
    return count > 0 ? [styleText(color, `  ${mark.padEnd(2)} ${count} ${planned ? todo : done}`)] : [];
  });
}

function heading(title: string, lines: string[]): string[] {
  return lines.length > 0 ? [styleText("bold", title), ...lines] : [];
}

function text(value: unknown): string {
  return typeof value === "string"
    ? JSON.stringify(value)
    : JSON.stringify(value, undefined, 2).replaceAll("\n", "\n  ");
}
