import { appendFileSync } from "node:fs";

// GitHub drops a step's summary beyond 1 MiB; a character has up to four bytes.
export const summaryLimit = 250_000;

/** Shows a text on the page of the run, where an approver reads it. GitLab has no such page; its log has all of it. */
export function showSummary(markdown: string): void {
  if (process.env.GITHUB_STEP_SUMMARY) appendFileSync(process.env.GITHUB_STEP_SUMMARY, `${markdown}\n`);
}
