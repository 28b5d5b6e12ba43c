import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";

import { Checkout } from "../../../fleet/git";

/** A repository of stacks, made anew for each test of a suite. */
export class TestCheckout {
  folder = "";

  constructor() {
    beforeEach(() => {
      this.folder = mkdtempSync(path.join(tmpdir(), "fleet-"));
      this.git("init", "--quiet", "--initial-branch", "main");
      this.write({ "Pulumi.yaml": readFileSync("Pulumi.yaml", "utf8") });
    });
    afterEach(() => rmSync(this.folder, { recursive: true }));
  }

  /** Commits these files, beside those that are there, and gives the commit. */
  commit(files: Record<string, string>): { checkout: Checkout; commit: string } {
    this.write(files);
    this.git("add", "--all");
    this.git(
      "-c",
      "user.name=test",
      "-c",
      "user.email=test@example.com",
      "commit",
      "--allow-empty",
      "--quiet",
      "--message",
      "x",
    );
    const checkout = new Checkout(this.folder);
    return { checkout, commit: checkout.commit("HEAD") };
  }

  write(files: Record<string, string>): void {
    for (const [name, text] of Object.entries(files)) writeFileSync(path.join(this.folder, name), text);
  }

  git(...args: string[]): string {
    return execFileSync("git", args, { cwd: this.folder, encoding: "utf8", stdio: "pipe" });
  }
}

/** The text of a stack's file: its values, one line a key, and what stands above them. */
export function stackFile(values: Record<string, unknown>, above = ""): string {
  const lines = Object.entries(values).map(
    ([key, value]) => `  image-registry:${key}: ${JSON.stringify(value)}`,
  );
  return `${above}config:\n${lines.join("\n")}\n`;
}

export const emptyDir = { context: "dev", backend: "emptyDir" };
export const nfs = {
  context: "prod",
  backend: "nfs",
  replicas: 2,
  nfs: { server: "nfs.example.com", path: "/srv/registry", size: "100Gi" },
};
