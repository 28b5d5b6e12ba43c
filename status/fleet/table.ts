import { stripVTControlCharacters, styleText } from "node:util";

import { type Level, levels, type Row } from "./row";
import { ago, bytes } from "./words";

const colors: Record<Level, Parameters<typeof styleText>[0]> = {
  down: "red",
  differs: "yellow",
  soon: "cyan",
  fine: "green",
};
const header = ["", "stack", "verdict", "where", "replicas", "free", "last up", "ends", "hub"];

/** All stacks as a table for a terminal, worst first, and under it why those that need care do. */
export function fleetTable(rows: readonly Row[], now: Date): string {
  const cells = [header.map((title) => styleText("dim", title)), ...rows.map((row) => line(row, now))];
  const widths = header.map((_, column) =>
    Math.max(...cells.map((line) => stripVTControlCharacters(line[column]!).length)),
  );
  const table = cells.map((line) =>
    line
      .map((cell, column) => padded(cell, widths[column]!))
      .join("  ")
      .trimEnd(),
  );
  return [...table, ...rows.flatMap(reasonLines), "", counts(rows)].join("\n");
}

function line(row: Row, now: Date): string[] {
  const { level, stack, verdict, platform, storage, replicas, room, lastUp, expiries, runs } = row;
  return [
    styleText(colors[level], "●"),
    styleText("bold", stack),
    styleText(colors[level], verdict),
    [platform, storage].filter(Boolean).join(", "),
    replicas ? `${replicas.ready}/${replicas.asked}` : "",
    room ? `${bytes(room.free)} of ${bytes(room.size)}` : "",
    lastUp ? ago(lastUp, now) : "",
    expiries[0] ? ago(expiries[0].ends, now) : "",
    runs.map(({ mode, state }) => `${mode} ${state}`).join(", "),
  ];
}

function reasonLines({ level, stack, reasons }: Row): string[] {
  if (reasons.length === 0) return [];
  return [
    "",
    styleText("bold", stack),
    ...reasons.map((reason) => `  ${styleText(colors[level], "!")} ${reason.replaceAll("\n", "\n  ")}`),
  ];
}

function counts(rows: readonly Row[]): string {
  const words: Record<Level, string> = {
    down: "down",
    differs: "differ",
    soon: "need care soon",
    fine: "fine",
  };
  const said = levels.map(
    (level) => [rows.filter((row) => row.level === level).length, words[level]] as const,
  );
  return `${rows.length} stacks: ${said
    .filter(([count]) => count > 0)
    .map(([count, word]) => `${count} ${word}`)
    .join(", ")}`;
}

function padded(cell: string, width: number): string {
  return cell + " ".repeat(width - stripVTControlCharacters(cell).length);
}
