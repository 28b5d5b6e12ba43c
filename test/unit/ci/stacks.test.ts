import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";

import { inOrder } from "../../../ci/jobs/changes";
import { namedProduction, policyOptions } from "../../../ci/lib/policies";
import { deliveredStacks, isOutside, touchedStacks } from "../../../ci/jobs/stacks";
import { projectDirectory } from "../../../stack/stack-file";
import { isProductionStack } from "../../../policy/production-stacks";

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
    "ci/jobs/preview.ts",
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

  it("are production as policies.json says, else by their names", () => {
    const folder = mkdtempSync(path.join(tmpdir(), "policies-"));
    const file = path.join(folder, "policies.json");
    const production = (policies?: object) => {
      if (policies) writeFileSync(file, JSON.stringify(policies));
      return ["prod", "eu-1"].filter((stack) => isProductionStack(stack, namedProduction(file)));
    };
    try {
      assert.deepEqual(production(), ["prod"]);
      assert.deepEqual(policyOptions(file), ["--policy-pack", "policy"]);
      assert.deepEqual(production({ "no-empty-dir-in-production": { stacks: ["eu-*"] } }), ["eu-1"]);
      assert.deepEqual(policyOptions(file), ["--policy-pack", "policy", "--policy-pack-config", file]);
      assert.deepEqual(production({ "no-empty-dir-in-production": "advisory", all: "mandatory" }), ["prod"]);
      assert.throws(
        () => production({ "no-empty-dir-in-production": { stacks: "eu-1" } }),
        /policies\.json: no-empty-dir-in-production\.stacks .*list of names/,
      );
      writeFileSync(file, "eu-1");
      assert.throws(() => production(), /policies\.json is not JSON/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("go out where their plan changes something, production last", () => {
    const plan = (stack: string, hasChanges = true) => ({ stack, hasChanges, state: "" });
    const plans = [plan("prod-eu"), plan("dev"), plan("staging", false)];
    assert.deepEqual(inOrder(plans), { first: ["dev"], production: ["prod-eu"] });
    assert.deepEqual(inOrder(plans, ["d*"]), { first: ["prod-eu"], production: ["dev"] });
  });
});
