const seconds: Readonly<Record<string, number>> = {
  h: 3600,
  m: 60,
  s: 1,
  ms: 1e-3,
  us: 1e-6,
  µs: 1e-6,
  ns: 1e-9,
};
const unit = "ms|us|µs|ns|h|m|s";
const duration = new RegExp(`^(\\d+(\\.\\d*)?(${unit}))+$`);

/** Seconds of a duration as Go writes it: `1h0m0s` is `60m`. Undefined if it is none. */
export function durationSeconds(text: string): number | undefined {
  if (!duration.test(text)) return undefined;
  const parts = [...text.matchAll(new RegExp(`([\\d.]+)(${unit})`, "g"))];
  return parts.reduce((sum, [, count, name = ""]) => sum + Number(count) * (seconds[name] ?? 0), 0);
}
