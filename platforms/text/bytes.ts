const units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

/** For people: 1.5 GiB. */
export function bytesText(count: number): string {
  const power = count > 0 ? Math.min(Math.floor(Math.log2(count) / 10), units.length - 1) : 0;
  return `${(count / 1024 ** power).toFixed(power ? 1 : 0)} ${units[power]}`;
}
