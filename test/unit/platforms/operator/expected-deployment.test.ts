import assert from "node:assert/strict";
import type { V1Deployment, V1EnvVar, V1ResourceRequirements } from "@kubernetes/client-node";
import { deploymentLags } from "../../../../platforms/operator/expected-deployment";
import { lagTexts } from "../../../../platforms/text";
import type { ConfigSpec } from "../../../../crds/types";
import { followed, infraLabel, onClaim, registryConfig } from "../../support/fixtures";

const lags = (spec: Partial<ConfigSpec>, deployment: V1Deployment) =>
  lagTexts(deploymentLags(registryConfig(spec).spec, deployment));
const before = followed(registryConfig());
const env = (...variables: [string, string][]): V1EnvVar[] =>
  variables.map(([name, value]) => ({ name, value }));
const onInfraNodes = { nodeSelectorTerms: [{ matchExpressions: [{ key: infraLabel, operator: "Exists" }] }] };
const affinity = { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: onInfraNodes } };
const spread = [{ maxSkew: 1, topologyKey: "kubernetes.io/hostname", whenUnsatisfiable: "DoNotSchedule" }];

describe("a deployment", () => {
  it("that followed the Config does not lag", () => {
    for (const spec of [
      {},
      { replicas: 2, storage: onClaim("registry") },
      { nodeSelector: { [infraLabel]: "" }, tolerations: [{ key: infraLabel, operator: "Exists" }] },
      { rolloutStrategy: "Recreate", storage: onClaim("registry") },
    ]) {
      assert.deepEqual(lags(spec, followed(registryConfig(spec))), []);
    }
  });

  const changes: [string, Partial<ConfigSpec>, RegExp][] = [
    ["storage", { storage: onClaim("registry") }, /storage/],
    ["replicas", { replicas: 3 }, /replicas 1 of 3/],
    ["rolloutStrategy", { rolloutStrategy: "Recreate" }, /rolloutStrategy/],
    ["nodeSelector", { nodeSelector: { pool: "infra" } }, /nodeSelector/],
    ["tolerations", { tolerations: [{ operator: "Exists" }] }, /tolerations/],
    ["affinity", { affinity }, /affinity/],
    ["topologySpreadConstraints", { topologySpreadConstraints: spread }, /topologySpreadConstraints/],
    ["resources", { resources: { requests: { cpu: "2" } } }, /resources/],
    ["httpSecret", { httpSecret: "another" }, /REGISTRY_HTTP_SECRET/],
    ["readOnly", { readOnly: true }, /REGISTRY_STORAGE_MAINTENANCE_READONLY/],
    ["disableRedirect", { disableRedirect: true }, /REGISTRY_STORAGE_REDIRECT_DISABLE/],
    ["logLevel", { logLevel: "Trace" }, /REGISTRY_LOG_LEVEL/],
    ["proxy", { proxy: { http: "http://proxy" } }, /HTTP_PROXY/],
    ["requests", { requests: { read: { maxRunning: 5 } } }, /READ_MAXRUNNING/],
  ];
  for (const [field, spec, lag] of changes) {
    it(`lags when the Config's ${field} has changed`, () => {
      assert.match(lags(spec, before).join(), lag);
    });
  }

  it("lags when something was taken back: readOnly, tolerations, a nodeSelector", () => {
    assert.match(
      lags(
        {},
        followed(registryConfig(), {
          env: env(["REGISTRY_STORAGE_MAINTENANCE_READONLY", "{enabled: true}"]),
        }),
      ).join(),
      /MAINTENANCE_READONLY/,
    );
    const placed = registryConfig({ nodeSelector: { pool: "infra" }, tolerations: [{ operator: "Exists" }] });
    assert.match(lags({}, followed(placed)).join(), /nodeSelector, ?tolerations/);
  });

  it("lags in the claim as well as in the kind of storage", () => {
    const old = followed(registryConfig({ storage: onClaim("old") }));
    assert.match(lags({ storage: onClaim("new") }, old).join(), /pods use pvc "old", asked is pvc "new"/);
  });
});

describe("a deployment that only looks different", () => {
  it("writes quantities in canonical form", () => {
    const given = { requests: { cpu: "1000m", memory: "1Gi" } };
    const stored: V1ResourceRequirements = { requests: { cpu: "1", memory: "1024Mi" } };
    assert.deepEqual(lags({ resources: given }, withResources(stored)), []);
    assert.notDeepEqual(
      lags({ resources: given }, withResources({ requests: { cpu: "2", memory: "1Gi" } })),
      [],
    );
  });

  it("leaves empty values out", () => {
    const [tolerations, bare] = [
      [{ key: "infra", operator: "Exists", value: "" }],
      [{ key: "infra", operator: "Exists" }],
    ];
    assert.deepEqual(lags({ tolerations }, followed(registryConfig(), { tolerations: bare })), []);
    assert.deepEqual(lags({ tolerations: [] }, before), []);
  });

  it("names the operating system, which the operator adds and the Config may choose", () => {
    assert.deepEqual(lags({ nodeSelector: { "kubernetes.io/os": "linux" } }, before), []);
  });

  it("has values of its own where the Config is silent: the cluster's proxy, the operator's resources", () => {
    const filled = followed(registryConfig(), {
      env: env(["HTTP_PROXY", "http://cluster"], ["NO_PROXY", ".svc"]),
    });
    assert.deepEqual(lags({}, filled), []);
    assert.deepEqual(lags({}, withResources({ requests: { cpu: "100m" } })), []);
  });

  it("translates log levels as the operator does", () => {
    const level = (value: string) =>
      followed(registryConfig(), {
        containers: [{ name: "registry", env: env(["REGISTRY_LOG_LEVEL", value]) }],
      });
    for (const [spec, value] of [
      [{ logLevel: "Debug" }, "debug"],
      [{ logLevel: "TraceAll" }, "debug"],
      [{ logLevel: "Normal" }, "info"],
      [{ logging: 1 }, "warn"],
      [{ logging: 5 }, "debug"],
    ] as const) {
      const found = lags({ ...spec, httpSecret: undefined }, level(value));
      assert.doesNotMatch(found.join(), /REGISTRY_LOG_LEVEL/, JSON.stringify(spec));
    }
  });
});

function withResources(resources: V1ResourceRequirements): V1Deployment {
  const container = before.spec?.template.spec?.containers[0];
  return followed(registryConfig(), { containers: [{ ...container, name: "registry", resources }] });
}
