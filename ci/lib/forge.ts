import { UserError } from "../../errors";

/** Where a change is reviewed and drift is told: GitHub or GitLab. A hidden marker in the text tells ours from others. */
export interface Forge {
  /** Puts the text on the change under review: anew, or in place of the one with the same marker. */
  comment(marker: string, body: string): Promise<void>;
  /** Opens the issue with that marker, or brings it up to date; opens it again if it was closed. */
  openIssue(marker: string, title: string, body: string): Promise<void>;
  /** Closes the issue with that marker, if one is open, and says why. */
  closeIssue(marker: string, reason: string): Promise<void>;
}

export const driftLabel = "drift";

/** HTML comments are not shown; the text of one stack never holds the marker of another. */
export function markerOf(purpose: "preview" | "drift", stack = ""): string {
  return `<!-- image-registry ${[purpose, stack].filter(Boolean).join(" ")} -->`;
}

export function needed(environment: NodeJS.ProcessEnv, name: string): string {
  const value = environment[name];
  if (!value) throw new UserError(`${name} is not set; the job has to set it (docs/ci.md)`);
  return value;
}
