import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import * as path from "node:path";

import { inOrder } from "../../../ci/changes";
import { deliveredStacks, isOutside, touchedStacks } from "../../../ci/stacks";
import { projectDirectory } from "../../../config/stack-file";

const delivered = ["dev", "staging", "prod"];

describe("the stacks that a change can touch", () => {
  it("are the one whose configuration changed", () => {
    assert.deepEqual(touchedStacks(["Pulumi.prod.yaml"], delivered), ["prod"]);
    assert.deepEqual(touchedStacks(["Pulumi.prod.yaml", "Pulumi.dev.yaml", "README.md"], delivered), [
      "dev",
      "prod",
    ]);
  });

  it("are none for text, tests, tools, and stacks that are not delivered", () => {
    const harmless = [
      "docs/ci.md",
      "README.md",
      "test/unit/x.test.ts",
      "sandbox/main.ts",
      "Pulumi.mine.yaml",
    ];
    assert.deepEqual(touchedStacks(harmless, delivered), []);
  });

  for (const file of [
    "index.ts",
    "components/registry-storage.ts",
    "hosts/server-main.sh",
    "policy/pack.ts",
    "package-lock.json",
    "Pulumi.yaml",
    ".github/workflows/preview.yml",
    "ci/preview.ts",
    "something-new.ts",
  ]) {
    it(`are all for ${file}`, () =>
      assert.deepEqual(touchedStacks(["Pulumi.dev.yaml", file], delivered), delivered));
  }

  it("run nothing of what is taken for harmless", () => {
    const seen = new Set<string>();
    follow("index.ts", seen);
    assert.ok(seen.size > 50);
    assert.deepEqual([...seen].filter(isOutside), []);
  });
});

function follow(file: string, seen: Set<string>): void {
  if (seen.has(file)) return;
  seen.add(file);
  for (const [, name = ""] of readFileSync(path.join(projectDirectory, file), "utf8").matchAll(
    /from "(\.[^"]+)"/g,
  )) {
    const target = path.join(path.dirname(file), name);
    const found = [`${target}.ts`, path.join(target, "index.ts"), target].find((one) =>
      existsSync(path.join(projectDirectory, one)),
    );
    if (found?.endsWith(".ts")) follow(found, seen);
  }
}

describe("the delivered stacks", () => {
  const exists = (file: string) => file !== "Pulumi.nix.yaml";

  it("are those that STACKS names, in its order, once", () => {
    assert.deepEqual(deliveredStacks(" dev prod,staging\ndev ", exists), ["dev", "prod", "staging"]);
    assert.deepEqual(deliveredStacks("", exists), []);
  });

  it("each have a committed file", () => {
    assert.throws(() => deliveredStacks("dev nix", exists), /STACKS: "nix" without a Pulumi\.NAME\.yaml/);
  });

  it("go out where their plan changes something, production last", () => {
    const plan = (stack: string, hasChanges = true) => ({ stack, hasChanges, state: "" });
    assert.deepEqual(inOrder([plan("prod-eu"), plan("dev"), plan("staging", false)]), {
      first: ["dev"],
      production: ["prod-eu"],
    });
  });
});
