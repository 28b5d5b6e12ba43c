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
  if (result.isValid()) return undefined;
  const problems = result.getError().map((problem) => problem.replace(/ \(Input cron: .*\)$/, ""));
  return `is not a schedule such as "0 3 * * *": ${problems.join("; ")}`;
}
