import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { cachedArchive, generate } from "../../crds/generate";
import { type Schema, type manifest, typeSchema, validationSchema } from "../../crds/schema";
import { skip } from "../skip";

const directory = join(__dirname, "../../crds");

type Manifest = ReturnType<typeof manifest>;

const read = (name: string) => readFileSync(join(directory, name), "utf8");
const load = (name: string) => parse(read(name)) as Manifest;
const spec = (crd: Manifest) => openapi(crd).properties?.spec;
const openapi = (crd: Manifest) => crd.spec.versions[0]?.schema.openAPIV3Schema as Schema;

describe("the generated CRDs", () => {
  const config = load("config.yaml");
  const pruner = load("imagepruner.yaml");

  it("are what crds/generate.ts makes of the published schema", async function () {
    this.timeout(60_000);
    if (!existsSync(cachedArchive)) {
      skip(this, "run `npm run generate:crds` once to download the schema");
    }
    for (const [name, text] of Object.entries(await generate(cachedArchive))) {
      assert.equal(read(name), text, `crds/${name} differs: run npm run generate:crds`);
    }
  });

  it("define Config and ImagePruner, cluster-wide, with a status of their own", () => {
    for (const [crd, name, kind] of [
      [config, "configs.imageregistry.operator.openshift.io", "Config"],
      [pruner, "imagepruners.imageregistry.operator.openshift.io", "ImagePruner"],
    ] as const) {
      assert.equal(crd.metadata.name, name);
      assert.equal(crd.spec.names.kind, kind);
      assert.equal(crd.spec.scope, "Cluster");
      assert.deepEqual(crd.spec.versions[0]?.subresources, { status: {} });
      assert.deepEqual(openapi(crd).required, ["metadata", "spec"]);
    }
  });

  it("hold no reference and no description", () => {
    for (const name of ["config.yaml", "imagepruner.yaml"]) {
      assert.doesNotMatch(read(name), /\$ref|description:/);
    }
  });

  it("require replicas, and only replicas, of a registry's spec", () => {
    assert.deepEqual(spec(config)?.required, ["replicas"]);
  });

  it("limit managementState, rolloutStrategy and the storage's managementState as the real one does", () => {
    const properties = spec(config)?.properties ?? {};
    assert.equal(properties.managementState?.pattern, "^(Managed|Unmanaged|Force|Removed)$");
    assert.equal(properties.rolloutStrategy?.pattern, "^(RollingUpdate|Recreate)$");
    assert.equal(properties.storage?.properties?.managementState?.pattern, "^(Managed|Unmanaged)$");
  });

  it("keep what server-side apply and quantities need: list types, list keys, int-or-string", () => {
    const conditions = openapi(config).properties?.status?.properties?.conditions;
    assert.equal(conditions?.["x-kubernetes-list-type"], "map");
    assert.deepEqual(conditions?.["x-kubernetes-list-map-keys"], ["type"]);
    const limits = spec(config)?.properties?.resources?.properties?.limits?.additionalProperties as Schema;
    assert.equal(limits["x-kubernetes-int-or-string"], true);
    assert.equal(spec(config)?.properties?.tolerations?.["x-kubernetes-list-type"], "atomic");
  });
});

describe("typeSchema", () => {
  it("refuses unknown fields unless the CRD keeps them", () => {
    const fields = { a: { type: "string" } };
    assert.equal(typeSchema({ type: "object", properties: fields }).additionalProperties, false);
    const kept = typeSchema({ type: "object", "x-kubernetes-preserve-unknown-fields": true });
    assert.equal(kept.additionalProperties, undefined);
  });

  it("drops descriptions but keeps a field that is named description", () => {
    const { properties } = typeSchema({
      type: "object",
      description: "gone",
      properties: { description: { type: "string", description: "gone" } },
    });
    assert.deepEqual(properties, { description: { type: "string" } });
  });
});

describe("validationSchema", () => {
  it("takes durations as Go spells them", () => {
    const { format, pattern } = validationSchema({ type: "string", format: "duration" });
    assert.equal(format, undefined);
    for (const duration of ["60m", "1h30m", "1.5s"]) assert.match(duration, new RegExp(pattern as string));
    for (const other of ["PT60M", "60", "m", ""]) assert.doesNotMatch(other, new RegExp(pattern as string));
  });

  it("keeps an object without fields an object, and leaves defaults to the API server", () => {
    const emptyDir = { type: "object", default: {} };
    assert.deepEqual(validationSchema(emptyDir), { type: "object", additionalProperties: false });
  });
});
