import assert from "node:assert/strict";
import { foreignFields } from "../../../cluster/foreign-fields";
import { registryManager, type RegistryConfig } from "../../../cluster/registry-types";
import type { RegistrySettings } from "../../../cluster/settings";
import type { ConfigSpec } from "../../../crds/types";
import { onClaim, registryConfig } from "./fixtures";

const asked = {
  managementState: "Managed",
  replicas: 1,
  rolloutStrategy: "RollingUpdate",
  storage: onClaim("registry"),
} as const;

function found(live: RegistryConfig, settings: RegistrySettings = {}) {
  return foreignFields(live, asked, settings);
}

/** A Config our manager applied, in which another one then set the fields. */
function byHand(spec: Partial<ConfigSpec>, ours: object): RegistryConfig {
  const config = registryConfig({ storage: onClaim("registry"), ...spec });
  const managedFields = [{ manager: registryManager, operation: "Apply", fieldsV1: { "f:spec": ours } }];
  return { ...config, metadata: { ...config.metadata, managedFields } };
}

describe("what another manager set", () => {
  it("as a second storage backend is evicted, and named one by one", () => {
    const live = registryConfig({ storage: { ...onClaim("registry"), emptyDir: {}, gcs: {} } });
    const evicted = found(live);
    assert.deepEqual(
      evicted.map(({ name }) => name),
      ["emptyDir", "gcs"],
    );
    assert.match(
      evicted[0]?.described ?? "",
      /^will evict emptyDir .*pvc "registry" is to be its only backend/,
    );
  });

  it("in a field we had applied is put back", () => {
    const [field, ...others] = found(byHand({ replicas: 3 }, { "f:managementState": {} }));
    assert.deepEqual(others, []);
    assert.equal(
      field?.described,
      "will put back replicas of the live registry: it is 3 by hand, asked is 1",
    );
  });

  it("as the claim is put back", () => {
    const [field] = found(byHand({ storage: onClaim("other") }, { "f:replicas": {} }));
    assert.equal(field?.name, "claim");
  });

  it("is no drift while we own the field: that is a change of the configuration", () => {
    assert.deepEqual(found(byHand({ replicas: 3 }, { "f:replicas": {} })), []);
  });

  it("before we ever applied anything is no drift either", () => {
    assert.deepEqual(found(registryConfig({ replicas: 3, storage: onClaim("registry") })), []);
  });

  it("and we ask to be blank is cleared", () => {
    const live = registryConfig({ storage: onClaim("registry"), defaultRoute: true });
    assert.deepEqual(
      found(live, { defaultRoute: false }).map(({ name }) => name),
      ["defaultRoute"],
    );
  });
});
