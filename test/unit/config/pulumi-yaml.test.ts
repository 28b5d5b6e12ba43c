import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { checkConfiguration } from "../../../config";
import { configuration, secretKeys } from "../../../config/schema";

interface Declaration {
  type?: string;
  description?: string;
  default?: unknown;
  secret?: boolean;
  value?: unknown;
}

const read = (name: string): unknown => parse(readFileSync(join(__dirname, "../../..", name), "utf8"));
const project = read("Pulumi.yaml") as { name: string; config: Record<string, Declaration> };
const { "pulumi:disable-default-providers": disabled, ...declared } = project.config;
const keys = Object.entries(declared);

/** A stack file's values as the CLI hands them over: sections as they are, all else as text. */
function stackFile(name: string): Record<string, unknown> {
  const { config } = read(name) as { config: Record<string, unknown> };
  return Object.fromEntries(
    Object.entries(config).map(([key, value]) => {
      assert.match(key, /^image-registry:/);
      return [
        key.replace("image-registry:", ""),
        typeof value === "object" ? value : `${value as string | number | boolean}`,
      ];
    }),
  );
}

describe("Pulumi.yaml", () => {
  it("declares exactly the keys that the program knows", () => {
    assert.deepEqual(Object.keys(declared).sort(), Object.keys(configuration.shape).sort());
  });

  it("gives every key a type and a description", () => {
    for (const [key, { type, description }] of keys) {
      assert.match(type ?? "", /^(string|integer|boolean|object)$/, key);
      assert.ok((description ?? "").length > 20, key);
    }
  });

  it("has a default, of the key's type, for every key a stack may leave out: the CLI would demand it", () => {
    for (const [key, declaration] of keys) {
      const optional =
        configuration.shape[key as keyof typeof configuration.shape].safeParse(undefined).success;
      assert.equal("default" in declaration, optional, `${key}: ${optional ? "no default" : "a default"}`);
      if (optional) {
        const type = declaration.type === "integer" ? "number" : declaration.type;
        assert.equal(typeof declaration.default, type, key);
      }
    }
  });

  it("has the program's own defaults, and {} for a section", () => {
    const program = configuration.parse({ context: "dev", backend: "emptyDir" }) as Record<string, unknown>;
    for (const [key, declaration] of keys.filter(([, { default: value }]) => value !== undefined)) {
      const section = declaration.type === "object";
      assert.deepEqual(declaration.default, section ? {} : program[key], key);
      if (section) assert.equal(program[key], undefined, key);
    }
  });

  it("passes the program's checks with its defaults spelled out", () => {
    const defaults = Object.fromEntries(keys.map(([key, { default: value }]) => [key, value]));
    assert.doesNotThrow(() =>
      checkConfiguration({ ...defaults, context: "dev", backend: "emptyDir" }, "dev"),
    );
  });

  it("marks no key secret that has a default: the CLI refuses a default that is not encrypted", () => {
    for (const [key, declaration] of keys) assert.ok(!(declaration.secret && "default" in declaration), key);
  });

  it("says of every secret that it is one", () => {
    for (const key of secretKeys) assert.match(declared[key]?.description ?? "", /--secret/, key);
  });

  it("names every key of a section in the section's description", () => {
    for (const [key, { type, description }] of keys.filter(([, one]) => one.type === "object")) {
      const issues =
        configuration.safeParse({ context: "a", backend: "pvc", [key]: { unknown: 1 } }).error?.issues ?? [];
      assert.ok(
        issues.some(({ code }) => code === "unrecognized_keys"),
        `${key} takes any key`,
      );
      for (const inner of sectionKeys(key))
        assert.match(description ?? "", new RegExp(`\\b${inner}\\b`), `${key} (${type})`);
    }
  });

  it("switches the default Kubernetes provider off, so that no resource lands on the shell's cluster", () => {
    assert.deepEqual(disabled?.value, ["kubernetes"]);
  });
});

describe("the stacks of the repository", () => {
  it("dev is emptyDir with one replica, and passes", () => {
    const config = checkConfiguration(stackFile("Pulumi.dev.yaml"), "dev");
    assert.deepEqual([config.backend, config.replicas], ["emptyDir", 1]);
  });

  it("prod is NFS on infra nodes with two replicas, and passes", () => {
    const config = checkConfiguration(withoutHosts(stackFile("Pulumi.prod.yaml")), "prod");
    assert.deepEqual([config.backend, config.replicas, config.placement?.infra], ["nfs", 2, true]);
    assert.equal(config.acceptImageLoss, "");
  });

  it("standalone is a registry of the stack's own, and passes", () => {
    const config = checkConfiguration(stackFile("Pulumi.standalone.yaml"), "standalone");
    assert.deepEqual([config.platform, config.backend], ["standalone", "emptyDir"]);
  });
});

function sectionKeys(key: string): string[] {
  const section = configuration.shape[key as "nfs"];
  const inner = section.out.unwrap() as unknown as { shape: Record<string, unknown> };
  return Object.keys(inner.shape);
}

// The hosts' private key is encrypted with the passphrase of whoever runs the stack: no part of what is checked here.
function withoutHosts(values: Record<string, unknown>): Record<string, unknown> {
  const nfs = Object.entries(values["nfs"] as object).filter(([key]) => !/host/i.test(key));
  return { ...values, nfs: Object.fromEntries(nfs) };
}
