import assert from "node:assert/strict";

import { deploymentFor } from "../../../../sandbox/operator/deployment";
import { goSpec } from "../../../../sandbox/operator/go-json";
import type { Config } from "../../../../sandbox/operator/model";

function deployment(spec: Partial<Config["spec"]>, zones = false) {
  const config: Config = {
    spec: { replicas: 1, storage: { emptyDir: {} }, ...spec },
    status: { storage: {}, storageManaged: false },
  };
  const { replicas, strategy, template } = deploymentFor(config, { zones }).spec!;
  return { replicas, strategy, pod: template.spec!, env: template.spec!.containers[0]!.env! };
}

const storageVolume = (spec: Partial<Config["spec"]>) =>
  deployment(spec).pod.volumes!.find(({ name }) => name === "registry-storage");

describe("the operator stand-in's Deployment", () => {
  it("keeps the images in a volume that only its name tells from another emptyDir", () => {
    assert.deepEqual(storageVolume({ storage: { emptyDir: {} } })?.emptyDir, {});
    const pvc = { storage: { pvc: { claim: "a" } } };
    assert.deepEqual(storageVolume(pvc)?.persistentVolumeClaim, { claimName: "a" });
    assert.equal(deployment(pvc).pod.volumes!.filter(({ emptyDir }) => emptyDir).length, 1);
  });

  it("rolls as the replicas allow, and recreates when asked", () => {
    const rolling = (replicas: number) => deployment({ replicas }).strategy!.rollingUpdate;
    assert.deepEqual(rolling(1), { maxUnavailable: 0, maxSurge: "25%" });
    assert.deepEqual(rolling(2), { maxUnavailable: 1, maxSurge: 1 });
    assert.deepEqual(rolling(3), { maxUnavailable: 2, maxSurge: "25%" });
    assert.deepEqual(deployment({ rolloutStrategy: "Recreate" }).strategy, { type: "Recreate" });
    assert.equal(deployment({ rolloutStrategy: "" }).strategy!.type, "RollingUpdate");
  });

  it("keeps two replicas, and only two, on different hosts", () => {
    const required = (replicas: number) =>
      deployment({ replicas }).pod.affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
    assert.equal(required(2)?.[0]?.topologyKey, "kubernetes.io/hostname");
    assert.equal(required(1), undefined);
    assert.equal(required(3), undefined);
  });

  it("spreads over hosts, workers and zones unless a nodeSelector says where to run", () => {
    const keys = (spec: Partial<Config["spec"]>, zones?: boolean) =>
      deployment(spec, zones).pod.topologySpreadConstraints?.map(({ topologyKey }) => topologyKey);
    assert.deepEqual(keys({}), ["kubernetes.io/hostname", "node-role.kubernetes.io/worker"]);
    assert.equal(keys({}, true)?.length, 3);
    assert.equal(keys({ nodeSelector: { infra: "" } }), undefined);
    assert.deepEqual(keys({ nodeSelector: { infra: "" }, topologySpreadConstraints: [] }), []);
  });

  it("puts pods where the spec says, on Linux", () => {
    const tolerations = [{ key: "infra", operator: "Exists" }];
    const { pod } = deployment({ nodeSelector: { infra: "" }, tolerations });
    assert.deepEqual(pod.nodeSelector, { infra: "", "kubernetes.io/os": "linux" });
    assert.deepEqual(pod.tolerations, tolerations);
  });

  it("hands the spec's settings to the registry", () => {
    const { env } = deployment({
      httpSecret: "s",
      readOnly: true,
      disableRedirect: true,
      logLevel: "Trace",
      proxy: { https: "https://proxy:1" },
      requests: { read: { maxRunning: 3 } },
    });
    const value = (name: string) => env.find((variable) => variable.name === name)?.value;
    assert.equal(value("REGISTRY_STORAGE"), "filesystem");
    assert.equal(value("REGISTRY_HTTP_SECRET"), "s");
    assert.equal(value("REGISTRY_STORAGE_MAINTENANCE_READONLY"), "{enabled: true}");
    assert.equal(value("REGISTRY_STORAGE_REDIRECT_DISABLE"), "true");
    assert.equal(value("REGISTRY_LOG_LEVEL"), "debug");
    assert.equal(value("HTTPS_PROXY"), "https://proxy:1");
    assert.equal(value("REGISTRY_OPENSHIFT_REQUESTS_READ_MAXRUNNING"), "3");
    assert.equal(value("REGISTRY_OPENSHIFT_REQUESTS_WRITE_MAXRUNNING"), undefined);
  });
});

describe("what the operator stand-in's Update makes of a spec", () => {
  it("loses blank values that somebody else applied", () => {
    const spec = goSpec({
      replicas: 0,
      readOnly: false,
      tolerations: [],
      rolloutStrategy: "",
      resources: {},
    });
    assert.ok(!("readOnly" in spec) && !("tolerations" in spec) && !("rolloutStrategy" in spec));
    assert.equal(spec.replicas, 0);
    assert.deepEqual(spec.resources, {});
  });

  it("gains fields that nobody asked for", () => {
    const { proxy, requests, observedConfig } = goSpec({ replicas: 1 });
    assert.deepEqual(proxy, {});
    assert.equal(requests?.read?.maxWaitInQueue, "0s");
    assert.equal(observedConfig, null);
  });
});
