/** One measured thing: this project's figure, and what it is measured against: an alternative, or a limit. */
export interface BenchRow {
  readonly what: string;
  readonly unit: string;
  readonly ours: number;
  readonly against: string;
  readonly theirs: number;
}

export function table(rows: readonly BenchRow[]): string {
  const lines = rows.map(({ what, unit, ours, against, theirs }) => [
    what,
    (ours / theirs).toFixed(2),
    `${ours.toFixed(0)} ${unit}`,
    `${theirs.toFixed(0)} ${unit}`,
    against,
  ]);
  const all = [["", "ratio", "this", "other", "the other is"], ...lines];
  const widths = [0, 1, 2, 3, 4].map((column) => Math.max(...all.map((cells) => cells[column]!.length)));
  return all
    .map((cells) =>
      cells
        .map((cell, column) =>
          [0, 4].includes(column) ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!),
        )
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
}
