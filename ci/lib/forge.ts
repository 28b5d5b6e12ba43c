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

/** What a forge refused, in words: an HTTP error's own text is a page of headers. */
export class ForgeError extends UserError {
  constructor(
    forge: string,
    request: string,
    error: Error,
    /** Of HTTP; nothing where no answer came. */
    readonly status?: number,
  ) {
    super(`${forge} ${status ? `answered ${status} to` : "gave no answer to"} ${request}: ${error.message}`);
  }
}

/** HTML comments are not shown; the text of one stack never holds the marker of another. */
export function markerOf(purpose: "preview" | "drift", stack = ""): string {
  return `<!-- image-registry ${[purpose, stack].filter(Boolean).join(" ")} -->`;
}

/** The stack whose preview a text is, by its marker. */
export function previewedStack(text: string): string | undefined {
  return /^<!-- image-registry preview (\S+) -->/.exec(text)?.[1];
}

export function previewTitle(stack: string, environment: NodeJS.ProcessEnv): string {
  return `Preview of stack ${stack} at ${environment.COMMIT?.slice(0, 12) || "this commit"}`;
}

export function needed(environment: NodeJS.ProcessEnv, name: string): string {
  const value = environment[name];
  if (!value) throw new UserError(`${name} is not set; the job has to set it (docs/ci.md)`);
  return value;
}
