import cron from "cron-validate";
import { registerOptionPreset } from "cron-validate/lib/option";

const range = (minValue: number, maxValue: number) => ({ minValue, maxValue });

// A CronJob's five fields. Sunday is 0: Kubernetes, unlike cron, does not take 7.
registerOptionPreset("kubernetes", {
  presetId: "kubernetes",
  useSeconds: false,
  useYears: false,
  useAliases: true,
  useBlankDay: false,
  allowOnlyOneBlankDayField: false,
  mustHaveBlankDayField: false,
  useLastDayOfMonth: false,
  useLastDayOfWeek: false,
  useNearestWeekday: false,
  useNthWeekdayOfMonth: false,
  seconds: range(0, 59),
  minutes: range(0, 59),
  hours: range(0, 23),
  daysOfMonth: range(1, 31),
  months: range(1, 12),
  daysOfWeek: range(0, 6),
  years: range(1970, 2099),
});

/** What is wrong with the schedule of a CronJob, or undefined. */
export function checkSchedule(text: string): string | undefined {
  // Empty is the operator's own schedule, every midnight.
  if (text === "" || /^@(yearly|annually|monthly|weekly|daily|midnight|hourly)$/.test(text)) return undefined;
  const result = cron(text, { preset: "kubernetes" });
  if (result.isValid())
    return isNever(text) ? "is a day that no month of it has: nothing would ever run" : undefined;
  const problems = result.getError().map((problem) => problem.replace(/ \(Input cron: .*\)$/, ""));
  return `is not a schedule such as "0 3 * * *": ${problems.join("; ")}`;
}

const longest = {
  jan: 31,
  feb: 29,
  mar: 31,
  apr: 30,
  may: 31,
  jun: 30,
  jul: 31,
  aug: 31,
  sep: 30,
  oct: 31,
  nov: 30,
  dec: 31,
};

/** Such as 31 February; a day of the week would be one more day. */
function isNever(text: string): boolean {
  const [, , days = "", months = "", weekday] = text.trim().toLowerCase().split(/\s+/);
  if (weekday !== "*" || !/^\d+(,\d+)*$/.test(days) || !/^\w+(,\w+)*$/.test(months)) return false;
  const earliest = Math.min(...days.split(",").map(Number));
  const lengths = Object.entries(longest).flatMap(([name, length], index) => [
    [name, length] as const,
    [String(index + 1), length] as const,
  ]);
  const of = new Map<string, number>(lengths);
  return months.split(",").every((month) => earliest > (of.get(month.replace(/^0/, "")) ?? 31));
}
