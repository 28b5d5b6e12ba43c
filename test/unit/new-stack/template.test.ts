import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { parse } from "yaml";

import { checkConfiguration } from "../../../config";

interface Project {
  readonly config: Record<string, unknown>;
  readonly template: { readonly config: Record<string, { description?: string; default?: unknown }> };
}

describe("the template of Pulumi.yaml", () => {
  const { config, template } = parse(readFileSync("Pulumi.yaml", "utf8")) as Project;

  it("asks for keys that the program knows, each in words", () => {
    for (const [key, { description }] of Object.entries(template.config)) {
      assert.ok(key in config, key);
      assert.ok(description, key);
    }
  });

  it("asks for all that a stack cannot do without, and proposes a stack that passes", () => {
    const proposed = Object.entries(template.config).map(([key, { default: value }]) => [key, value]);
    const answered = Object.fromEntries(proposed.filter(([, value]) => value !== undefined)) as object;
    checkConfiguration({ context: "dev", ...answered }, "dev");
  });

  it("shows objects as they can be typed", () => {
    const examples = Object.entries(template.config).flatMap(([key, { description = "" }]) => {
      const [json] = /\{.*\}/.exec(description) ?? [];
      return json ? [[key, JSON.parse(json)] as const] : [];
    });
    assert.deepEqual(examples.map(([key]) => key).sort(), ["nfs", "placement", "pvc"]);
    const { nfs, placement } = Object.fromEntries(examples) as Record<string, unknown>;
    checkConfiguration({ context: "dev", backend: "nfs", replicas: "2", nfs, placement }, "dev");
  });
});
