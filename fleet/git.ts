import { execFileSync } from "node:child_process";

import { UserError } from "../errors";

/** What is read of a checkout: never its files as they are now, always those of a commit. */
export class Checkout {
  constructor(private readonly directory: string) {}

  /** The commit that a branch, a tag or a hash stands for, as its whole hash. */
  commit(reference: string): string {
    const found = this.try("rev-parse", "--verify", "--quiet", "--end-of-options", `${reference}^{commit}`);
    if (found === undefined) throw new UserError(`--commit "${reference}": there is no such commit here`);
    return found.trim();
  }

  /** Whether a remote has the commit, as far as this checkout knows; true where there is no remote to ask of. */
  isPushed(commit: string): boolean {
    if (this.git("remote").trim() === "") return true;
    return this.git("branch", "--remotes", "--contains", commit).trim() !== "";
  }

  /** Where the checkout came from. */
  origin(): string | undefined {
    return this.try("remote", "get-url", "origin")?.trim();
  }

  /** The names in the root folder of a commit. */
  files(commit: string): string[] {
    return this.git("ls-tree", "--name-only", "-z", commit).split("\0").filter(Boolean);
  }

  /** A file's text at a commit; undefined when it is not there. */
  text(commit: string, file: string): string | undefined {
    return this.try("show", `${commit}:${file}`);
  }

  private git(...args: string[]): string {
    // What Git says of a failure is its own; the callers that expect one have words for it.
    return execFileSync("git", args, {
      cwd: this.directory,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
    });
  }

  private try(...args: string[]): string | undefined {
    try {
      return this.git(...args);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT")
        throw new UserError("there is no `git` on PATH");
      return undefined;
    }
  }
}
