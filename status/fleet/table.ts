import { styleText } from "node:util";

import { type Level, levels, type Row } from "./row";
import { ago, bytes } from "./words";

type Format = Parameters<typeof styleText>[0];

const colors: Record<Level, Format> = {
  down: "red",
  differs: "yellow",
  soon: "cyan",
  fine: "green",
};
const header = ["", "stack", "verdict", "where", "replicas", "free", "last up", "ends", "hub"];

interface Cell {
  readonly text: string;
  readonly format?: Format;
}

/**
 * All stacks as a table for a terminal, worst first, and under it why those that need care do. Columns of which no stack
 * has anything are left out; where that is wider than `width` characters, the widest ones are cut.
 */
export function fleetTable(rows: readonly Row[], now: Date, width = Infinity): string {
  const titles = header.map((text): Cell => ({ text, format: "dim" }));
  const lines = rows.map((row) => cellsOf(row, now));
  const used = header.flatMap((_, column) => (lines.some((line) => line[column]!.text) ? [column] : []));
  const cells = [titles, ...lines].map((line) => used.map((column) => line[column]!));
  const widths = fitting(
    used.map((_, column) => Math.max(...cells.map((line) => line[column]!.text.length))),
    width - gap.length * (used.length - 1),
  );
  const table = cells.map((line) =>
    line
      .map((cell, column) => cellText(cell, widths[column]!))
      .join(gap)
      .trimEnd(),
  );
  return [...table, ...rows.flatMap(reasonLines), "", counts(rows)].join("\n");
}

const gap = "  ";
/** Narrower says nothing any more. */
const narrowest = 8;

function fitting(widths: number[], room: number): number[] {
  const widest = Math.max(...widths);
  if (widest <= narrowest || widths.reduce((sum, width) => sum + width, 0) <= room) return widths;
  return fitting(widths.with(widths.indexOf(widest), widest - 1), room);
}

function cellText({ text, format }: Cell, width: number): string {
  const cut = text.length > width ? `${text.slice(0, width - 1)}…` : text;
  return (format ? styleText(format, cut) : cut) + " ".repeat(width - cut.length);
}

function cellsOf(row: Row, now: Date): Cell[] {
  const { level, stack, verdict, platform, storage, replicas, room, lastUp, expiries, runs } = row;
  return [
    { text: "●", format: colors[level] },
    { text: stack, format: "bold" },
    { text: verdict, format: colors[level] },
    { text: [platform, storage].filter(Boolean).join(", ") },
    { text: replicas ? `${replicas.ready}/${replicas.asked}` : "" },
    { text: room ? `${bytes(room.free)} of ${bytes(room.size)}` : "" },
    { text: lastUp ? ago(lastUp, now) : "" },
    { text: expiries[0] ? ago(expiries[0].ends, now) : "" },
    { text: runs.map(({ mode, state }) => `${mode} ${state}`).join(", ") },
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
  return `${rows.length} ${rows.length === 1 ? "stack" : "stacks"}: ${said
    .filter(([count]) => count > 0)
    .map(([count, word]) => `${count} ${word}`)
    .join(", ")}`;
}
