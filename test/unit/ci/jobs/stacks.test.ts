import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";

import { inOrder } from "../../../../ci/jobs/changes";
import { namedProduction, policyOptions, productionAmong } from "../../../../ci/lib/policies";
import { deliveredStacks, isOutside, touchedStacks } from "../../../../ci/jobs/stacks";
import { follow } from "../imports";

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
    const seen = follow("index.ts");
    assert.ok(seen.size > 50);
    assert.deepEqual([...seen].filter(isOutside), []);
  });
});

describe("the delivered stacks", () => {
  const exists = (file: string) => file !== "Pulumi.nix.yaml";

  it("are those that STACKS names, in its order, once", () => {
    assert.deepEqual(deliveredStacks(" dev prod,staging\ndev ", exists), ["dev", "prod", "staging"]);
    assert.deepEqual(deliveredStacks("", exists), []);
  });

  it("each have a committed file", () => {
    assert.throws(() => deliveredStacks("dev nix", exists), /STACKS: "nix" without a Pulumi\.NAME\.yaml/);
  });

  describe("are production", () => {
    const folder = mkdtempSync(path.join(tmpdir(), "policies-"));
    const file = path.join(folder, "policies.json");
    const stacks = ["prod", "eu-1", "dev"];
    const production = (policies: unknown) => {
      writeFileSync(file, typeof policies === "string" ? policies : JSON.stringify(policies));
      return productionAmong(stacks, namedProduction(file, stacks));
    };
    after(() => rmSync(folder, { recursive: true }));

    it("by their names, and those that policies.json adds", () => {
      assert.deepEqual(policyOptions(file), ["--policy-pack", "policy"]);
      assert.deepEqual(productionAmong(stacks, namedProduction(file, stacks)), ["prod"]);
      assert.deepEqual(production({ "no-empty-dir-in-production": { stacks: ["eu-*"] } }), ["prod", "eu-1"]);
      assert.deepEqual(policyOptions(file), ["--policy-pack", "policy", "--policy-pack-config", file]);
      assert.deepEqual(production({ "registry-on-infra-nodes": { stacks: ["dev"] } }), ["prod", "dev"]);
      assert.deepEqual(production({ "no-empty-dir-in-production": "advisory", all: "mandatory" }), ["prod"]);
    });

    it("though policies.json names none", () => {
      assert.deepEqual(production({ "no-empty-dir-in-production": { stacks: [] } }), ["prod"]);
    });

    it("and none is deployed by a list with a name that no stack has", () => {
      assert.throws(
        () => production({ "no-empty-dir-in-production": { stacks: ["eu-1", "us-*"] } }),
        /policies\.json: no-empty-dir-in-production\.stacks: "us-\*" names no stack: there are prod, eu-1, dev;/,
      );
    });

    it("and none by a file that cannot be read", () => {
      assert.throws(
        () => production({ "no-empty-dir-in-production": { stacks: "eu-1" } }),
        /policies\.json: no-empty-dir-in-production\.stacks .*list of names/,
      );
      assert.throws(() => production("eu-1"), /policies\.json is not JSON/);
      for (const [policies, problem] of [
        [["eu-1"], /must have an object of rules/],
        [{ stacks: ["eu-1"] }, /: stacks is \["eu-1"\] and must be a level, or settings/],
        [{ "no-empty-dir-in-production": ["eu-1"] }, /must be a level, or settings/],
        [{ "no-empty-dir-in-production": { stack: ["eu-1"] } }, /production\.stack is no setting/],
        [{ "no-empty-dir-in-production": { stacks: null } }, /is null and must be a list/],
      ] as const)
        assert.throws(() => production(policies), problem);
    });

    it("or are asked about, where their name leaves it open", () => {
      assert.throws(
        () => productionAmong(["dev", "preprod", "prodeu"], []),
        /name of stack "preprod" leaves open .*: pulumi config set tier production --stack preprod, or else pulumi config set tier other --stack preprod\n.*"prodeu"/,
      );
      assert.deepEqual(productionAmong(["dev", "preprod"], ["pre*"]), ["preprod"]);
    });
  });

  it("go out where their plan changes something, production last", () => {
    const plan = (stack: string, hasChanges = true) => ({ stack, hasChanges, state: "" });
    const plans = [plan("prod-eu"), plan("dev"), plan("staging", false)];
    assert.deepEqual(inOrder(plans), { first: ["dev"], production: ["prod-eu"] });
    assert.deepEqual(inOrder(plans, ["d*"]), { first: [], production: ["prod-eu", "dev"] });
  });
});
