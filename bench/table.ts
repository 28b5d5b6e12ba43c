/** One measured thing: this project's figure and, where there is one, the alternative's. */
export interface Row {
  readonly what: string;
  readonly unit: string;
  readonly ours: number;
  readonly theirs?: number;
}

export function table(rows: readonly Row[]): string {
  const figure = (value: number | undefined, unit: string) =>
    value === undefined ? "" : `${value.toFixed(0)} ${unit}`;
  const lines = rows.map(({ what, unit, ours, theirs }) => [
    what,
    figure(ours, unit),
    figure(theirs, unit),
    theirs === undefined ? "" : (ours / theirs).toFixed(2),
  ]);
  const all = [["", "this", "alternative", "ratio"], ...lines];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...all.map((cells) => cells[column]!.length)));
  return all
    .map((cells) =>
      cells
        .map((cell, column) => (column ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!)))
        .join("  "),
    )
    .join("\n");
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
}
