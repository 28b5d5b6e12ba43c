import assert from "node:assert/strict";
import type { V1ConfigMap } from "@kubernetes/client-node";
import { registryManager } from "../../../../kubernetes/field-managers";
import { fieldsLost, firstChanges, ownsNote } from "../../../../platforms/field-drift";
import { configChanges, configDrift, overruled, takenFrom } from "../../../../platforms/operator/drift";
import type { RegistryConfig } from "../../../../platforms/operator/registry";
import { pathText } from "../../../../kubernetes/field-path";
import { driftText } from "../../../../platforms/text";
import type { ConfigSpec } from "../../../../crds/types";
import type { Drift } from "../../../../platforms/observed";
import { preflight } from "../../../../platforms/operator/preflight";
import { infraLabel, live as liveCluster, onClaim, plan, registryConfig, told } from "../../support/fixtures";

const asked = { managementState: "Managed", replicas: 1, storage: onClaim("registry") };

const found = (live: RegistryConfig, more: object = {}) =>
  fieldsLost(live, registryManager, { spec: { ...asked, ...more } });
const names = (...args: Parameters<typeof found>) =>
  found(...args).map(({ path }) => pathText(path.slice(1)));
const text = (drift: Drift | undefined) => drift && driftText(drift);

/** A Config our manager applied, in which another one then set the fields; `ours` is what is left to us. */
function byHand(spec: Partial<ConfigSpec>, ours: object, theirs: object = {}): RegistryConfig {
  const config = registryConfig({ storage: onClaim("registry"), ...spec });
  const storage = { "f:managementState": {}, "f:pvc": { "f:claim": {} } };
  const all = { "f:managementState": {}, "f:replicas": {}, "f:storage": storage, ...ours };
  const managedFields = [
    { manager: registryManager, operation: "Apply", fieldsV1: { "f:spec": all } },
    { manager: "kubectl-patch", operation: "Update", fieldsV1: { "f:spec": theirs } },
  ];
  return { ...config, metadata: { ...config.metadata, managedFields } };
}
const lost = (key: string) => ({ [`f:${key}`]: undefined });

describe("what another manager set", () => {
  it("as a second storage backend is evicted, and named one by one", () => {
    const live = registryConfig({ storage: { ...onClaim("registry"), emptyDir: {}, gcs: {} } });
    const evicted = configDrift(live, plan({ storage: onClaim("registry") }));
    assert.deepEqual(
      evicted.map(({ path }) => pathText(path)),
      ["spec.storage.emptyDir", "spec.storage.gcs"],
    );
    assert.match(text(evicted[0]) ?? "", /^will evict emptyDir .*pvc "registry" is to be its only backend/);
  });

  it("in a field we had applied is put back, naming whose it is now", () => {
    const [field, ...others] = found(byHand({ replicas: 3 }, lost("replicas"), { "f:replicas": {} }));
    assert.deepEqual(others, []);
    assert.equal(
      text(field),
      "will put back spec.replicas of the Config: it is 3 by kubectl-patch, asked is 1",
    );
  });

  it("or took away is put back, a storage backend and an empty label too", () => {
    assert.deepEqual(names(byHand({ storage: {} }, lost("storage"))), [
      "storage.managementState",
      "storage.pvc.claim",
    ]);
    assert.deepEqual(names(byHand({ storage: {} }, lost("storage")), { storage: { emptyDir: {} } }), [
      "storage.emptyDir",
    ]);
    const nodeSelector = { [infraLabel]: "" };
    assert.deepEqual(names(byHand({}, {}), { nodeSelector }), [`nodeSelector.${infraLabel}`]);
  });

  it("in a list is put back, whatever of it changed", () => {
    const tolerations = [{ key: infraLabel, operator: "Exists" }];
    assert.deepEqual(names(byHand({ tolerations: [{ operator: "Exists" }] }, {}), { tolerations }), [
      "tolerations",
    ]);
  });

  it("as a secret is put back without being shown", () => {
    const [field] = found(byHand({ httpSecret: "by-hand" }, {}, { "f:httpSecret": {} }), {
      httpSecret: undefined,
    });
    assert.equal(text(field), "will put back spec.httpSecret of the Config: it was changed by kubectl-patch");
  });

  it("is no drift while we own the field: that is a change of the configuration", () => {
    assert.deepEqual(names(byHand({ replicas: 3 }, {})), []);
  });

  it("is no drift in a field that the stack did not ask for when it last applied", () => {
    const config = byHand({ logLevel: "Normal" }, {});
    config.metadata = { ...config.metadata, annotations: ownsNote(asked) };
    assert.deepEqual(names(config, { logLevel: "Debug" }), []);
    config.metadata.annotations = ownsNote({ ...asked, logLevel: "Debug" });
    assert.deepEqual(names(config, { logLevel: "Debug" }), ["logLevel"]);
  });

  it("is no drift where the operator spells the same in its own way", () => {
    const spec = { resources: { limits: { cpu: "1" } }, requests: { read: { maxWaitInQueue: "1m30s" } } };
    const same = { resources: { limits: { cpu: "1000m" } }, requests: { read: { maxWaitInQueue: "90s" } } };
    assert.deepEqual(names(byHand(spec, {}), same), []);
    assert.deepEqual(names(byHand(spec, {}), { resources: { limits: { cpu: "2" } } }), [
      "resources.limits.cpu",
    ]);
  });

  it("is no drift where we ask for a blank, which the operator takes out", () => {
    assert.deepEqual(
      names(byHand({}, {}), { requests: { read: { maxRunning: 0 } }, proxy: { http: "" } }),
      [],
    );
  });

  it("before we ever applied anything is no drift either", () => {
    assert.deepEqual(names(registryConfig({ replicas: 3, storage: onClaim("registry") })), []);
  });

  it("and we ask to be blank is cleared", () => {
    const live = registryConfig({ storage: onClaim("registry"), defaultRoute: true });
    const [cleared, ...others] = configDrift(
      live,
      plan({ storage: onClaim("registry"), settings: { defaultRoute: false } }),
    );
    assert.deepEqual(others, []);
    assert.match(text(cleared) ?? "", /^will clear spec\.defaultRoute/);
  });
});

describe("what is changed while an up waits", () => {
  const wanted = plan({ storage: onClaim("registry") });
  const fields = (live: RegistryConfig) =>
    overruled(live, wanted).map(({ path, by }) => [pathText(path), by]);

  it("is every field that is other than was asked, and who set it", () => {
    assert.deepEqual(fields(byHand({}, { "f:rolloutStrategy": {}, "f:httpSecret": {} })), []);
    const changed = byHand(
      { managementState: "Removed", storage: { ...onClaim("registry"), managementState: "Managed" } },
      {
        ...lost("managementState"),
        "f:rolloutStrategy": {},
        "f:httpSecret": {},
        "f:storage": { "f:pvc": { "f:claim": {} } },
      },
      { "f:managementState": {}, "f:storage": { "f:managementState": {} } },
    );
    assert.deepEqual(fields(changed), [
      ["spec.managementState", ["kubectl-patch"]],
      ["spec.storage.managementState", ["kubectl-patch"]],
    ]);
  });

  it("is all of a Config that was deleted and made anew", () => {
    const anew = registryConfig({ managementState: "Removed", storage: onClaim("registry") });
    assert.deepEqual(fields(anew), [["spec.managementState", []]]);
  });

  it("is looked for longer where something was taken from another manager than the operator", () => {
    const owned = (manager: string) => {
      const config = registryConfig({ replicas: 3, storage: onClaim("registry") });
      const managedFields = [{ manager, operation: "Update", fieldsV1: { "f:spec": { "f:replicas": {} } } }];
      return { ...config, metadata: { ...config.metadata, managedFields } };
    };
    assert.equal(takenFrom(owned("argocd-controller"), wanted).length, 1);
    assert.equal(takenFrom(owned("cluster-image-registry-operator"), wanted).length, 0);
  });
});

describe("what a first apply takes from others", () => {
  it("is told of a field that is newly asked for, too", () => {
    const config = byHand({ logLevel: "Trace" }, {}, { "f:logLevel": {} });
    config.metadata = { ...config.metadata, annotations: ownsNote(asked) };
    const changes = firstChanges(config, registryManager, {
      spec: { ...asked, replicas: 7, logLevel: "Debug" },
    });
    assert.deepEqual(changes.map(text), [
      'will change spec.logLevel of the Config from "Trace" (set by kubectl-patch) to "Debug"',
    ]);
  });
});

describe("a Config that a stack which is gone has left", () => {
  const left = byHand(
    {
      replicas: 2,
      nodeSelector: { pool: "infra" },
      tolerations: [{ operator: "Exists" }],
      logLevel: "Trace",
    },
    { "f:nodeSelector": { "f:pool": {} }, "f:tolerations": {}, "f:httpSecret": {} },
    { "f:logLevel": {} },
  );
  const wanted = plan({ storage: { emptyDir: {} } });
  const told = (isLeft: boolean) => configChanges(left, wanted, { isLeft }).map(driftText);

  it("is told with all that the next one changes in it or takes away, and nothing of others", () => {
    const by = `(set by ${registryManager})`;
    assert.deepEqual(told(true), [
      `will change spec.replicas of the Config from 2 ${by} to 1`,
      `will change spec.nodeSelector.pool of the Config from "infra" ${by} to nothing`,
      `will change spec.tolerations of the Config from [{"operator":"Exists"}] ${by} to nothing`,
    ]);
  });

  it("is the stack's own as long as there is one: the engine shows what of it changes", () => {
    assert.deepEqual(told(false), []);
  });
});

describe("a Config that holds nothing of this stack", () => {
  it("and is older than the stack's hold on the cluster was never written: the first up ended before", () => {
    const config = registryConfig({ managementState: "Removed", storage: {} });
    config.metadata = { ...config.metadata, creationTimestamp: new Date("2026-01-01") };
    const owningStack = { metadata: { creationTimestamp: new Date("2026-02-01") } };
    const { warnings } = told(preflight(liveCluster({ config, owningStack }), plan()));
    assert.doesNotMatch(warnings.join(), /made anew/);
  });

  it("was made anew if the cluster is this stack's, and is just new if not", () => {
    const made = (on: string) => ({ metadata: { creationTimestamp: new Date(on) } });
    const warned = (config: RegistryConfig, owningStack: V1ConfigMap | undefined) =>
      told(
        preflight(liveCluster({ config, owningStack }), plan({ acceptImageLoss: ["emptyDir"] })),
      ).warnings.join();
    const blank = registryConfig({ managementState: "Removed", storage: {} });
    blank.metadata = { ...blank.metadata, ...made("2026-03-01").metadata };
    assert.match(warned(blank, made("2026-02-01")), /made anew .*\(managementState Removed, storage none\)/);
    assert.doesNotMatch(warned(blank, undefined), /made anew/);
    assert.doesNotMatch(warned(byHand({}, {}), made("2026-02-01")), /made anew/);
  });
});
