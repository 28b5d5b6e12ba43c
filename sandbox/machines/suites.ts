/** What machines run, by Debian's name for it. */
export const suites = ["bookworm", "trixie"] as const;
export type Suite = (typeof suites)[number];
