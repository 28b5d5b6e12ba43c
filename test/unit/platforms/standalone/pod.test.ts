import assert from "node:assert/strict";
import { storageInUse } from "../../../../backends/stores";
import type { StandalonePlan } from "../../../../platforms/standalone/plan";
import { podSpec } from "../../../../platforms/standalone/pod";
import { deploymentSpec, revisionOf } from "../../../../platforms/standalone/workload";
import { emptyDir, infraLabel, onClaim, onInfra } from "../../support/fixtures";
import { standalonePlan } from "../../support/standalone-fixtures";

const cluster = { assignsUsers: false, certificate: undefined };
const pod = (changes: Partial<StandalonePlan> = {}, assignsUsers = false) =>
  podSpec(standalonePlan(changes), assignsUsers);
const deployment = (changes: Partial<StandalonePlan> = {}) =>
  deploymentSpec(standalonePlan(changes), cluster);
const container = (changes: Partial<StandalonePlan> = {}) => pod(changes).containers[0]!;
const environment = (changes: Partial<StandalonePlan> = {}) =>
  Object.fromEntries(container(changes).env.map(({ name, value, valueFrom }) => [name, value ?? valueFrom]));

describe("the registry's pod", () => {
  it("is what the pod security level restricted allows, and no more", () => {
    const { securityContext, automountServiceAccountToken } = pod();
    assert.equal(automountServiceAccountToken, false);
    assert.equal(securityContext.runAsNonRoot, true);
    assert.deepEqual(securityContext.seccompProfile, { type: "RuntimeDefault" });
    assert.deepEqual(container().securityContext, {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"] },
    });
  });

  it("runs as the plan's user, and as whom the cluster assigns where it does", () => {
    const { runAsUser, runAsGroup, fsGroup } = pod({ owner: { uid: 5000, gid: 5001 } }).securityContext;
    assert.deepEqual([runAsUser, runAsGroup, fsGroup], [5000, 5001, 5001]);
    assert.equal(pod({}, true).securityContext.runAsUser, undefined);
    assert.equal(pod({}, true).securityContext.fsGroup, undefined);
    const given = { owner: { uid: 5000, gid: 5000 }, ownerIsGiven: true };
    assert.equal(pod(given, true).securityContext.runAsUser, 5000);
  });

  it("takes no configuration from services that happen to be named registry", () => {
    assert.equal(pod().enableServiceLinks, false);
  });

  it("keeps its images on the claim, in emptyDir or in the bucket, as a run reads it back", () => {
    const s3 = { bucket: "123", region: "eu-1", regionEndpoint: "https://s3.example.com" };
    for (const storage of [onClaim("images"), emptyDir]) {
      assert.deepEqual(container({ storage }).volumeMounts, [
        { name: "registry-storage", mountPath: "/registry" },
      ]);
      assert.equal(environment({ storage })["REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY"], "/registry");
    }
    const read = (storage: StandalonePlan["storage"]) => storageInUse({ spec: deployment({ storage }) });
    assert.deepEqual(read(onClaim("images")), { pvc: { claim: "images" } });
    assert.deepEqual(read(emptyDir), { emptyDir: {} });
    assert.deepEqual(read({ s3 }), { s3: { bucket: "123", regionEndpoint: "https://s3.example.com" } });
    assert.deepEqual(pod({ storage: { s3 } }).volumes, []);
  });

  it("has its keys for S3, and its http secret, from Secrets alone", () => {
    const found = environment({ storage: { s3: { bucket: "images", region: "eu-1" } } });
    const from = (name: string, key: string) => ({ secretKeyRef: { name, key } });
    for (const name of ["REGISTRY_STORAGE_S3_ACCESSKEY", "REGISTRY_STORAGE_S3_SECRETKEY"])
      assert.deepEqual(found[name], from("image-registry-private-configuration-user", name));
    assert.deepEqual(found["REGISTRY_HTTP_SECRET"], from("image-registry-http", "secret"));
  });

  it("is not ready before the registry has looked at its storage once, and lives through a storage that is away", () => {
    const { startupProbe, readinessProbe, livenessProbe } = container();
    const found = environment();
    assert.equal(found["REGISTRY_HEALTH_STORAGEDRIVER_ENABLED"], "true");
    const interval = Number.parseInt(found["REGISTRY_HEALTH_STORAGEDRIVER_INTERVAL"] as string, 10);
    assert.ok((startupProbe.initialDelaySeconds ?? 0) > interval);
    const patience = ({ periodSeconds = 10, failureThreshold = 3 }) => periodSeconds * failureThreshold;
    assert.ok(patience(livenessProbe) >= 10 * patience(readinessProbe));
  });

  it("serves and is probed over TLS when it has a certificate", () => {
    const schemes = (tlsSecret?: string) => {
      const { startupProbe, readinessProbe, livenessProbe } = container({ tlsSecret });
      return [startupProbe, readinessProbe, livenessProbe].map(({ httpGet }) => httpGet?.scheme);
    };
    assert.deepEqual(schemes(), ["HTTP", "HTTP", "HTTP"]);
    assert.deepEqual(schemes("tls"), ["HTTPS", "HTTPS", "HTTPS"]);
    assert.ok(!("REGISTRY_HTTP_TLS_KEY" in environment()));
    const mount = container({ tlsSecret: "tls" }).volumeMounts.find(({ name }) => name === "registry-tls");
    assert.equal(environment({ tlsSecret: "tls" })["REGISTRY_HTTP_TLS_KEY"], `${mount?.mountPath}/tls.key`);
  });

  it("asks for a name and password of the file that it is given, and of nobody otherwise", () => {
    assert.ok(!("REGISTRY_AUTH" in environment()));
    const asked = { tlsSecret: "tls", htpasswdSecret: "users" };
    const { volumeMounts } = container(asked);
    const mount = volumeMounts.find(({ name }) => name === "registry-auth");
    const found = environment(asked);
    assert.equal(found["REGISTRY_AUTH"], "htpasswd");
    assert.equal(found["REGISTRY_AUTH_HTPASSWD_PATH"], `${mount?.mountPath}/htpasswd`);
    assert.ok(found["REGISTRY_AUTH_HTPASSWD_REALM"]);
  });

  it("follows the settings that the registry understands, and the placement", () => {
    const settings = { readOnly: true, logLevel: "Debug" as const, resources: { requests: { cpu: "1" } } };
    const found = environment({ settings });
    assert.equal(found["REGISTRY_STORAGE_MAINTENANCE_READONLY"], "{enabled: true}");
    assert.equal(found["REGISTRY_LOG_LEVEL"], "debug");
    assert.deepEqual(container({ settings }).resources, { requests: { cpu: "1" } });
    const placed = pod({ placement: onInfra });
    assert.deepEqual(placed.nodeSelector, { [infraLabel]: "" });
    assert.deepEqual(placed.tolerations, onInfra.tolerations);
  });
});

describe("the registry's deployment", () => {
  it("takes no pod away before another one is ready, unless the claim takes only one", () => {
    assert.deepEqual(deployment().strategy.rollingUpdate, { maxUnavailable: 0, maxSurge: 1 });
    assert.deepEqual(deployment({ rolloutStrategy: "Recreate" }).strategy, { type: "Recreate" });
  });

  it("keeps pods of one revision apart, by a label that selects no others and is not in the selector", () => {
    const { selector, template } = deployment();
    const [term] =
      template.spec.affinity?.podAntiAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
    assert.deepEqual(term?.podAffinityTerm.labelSelector?.matchLabels, template.metadata.labels);
    assert.deepEqual(Object.keys(selector.matchLabels), ["app.kubernetes.io/name"]);
    const affinity = { nodeAffinity: {} };
    assert.deepEqual(deployment({ settings: { affinity } }).template.spec.affinity, affinity);
  });

  it("restarts pods for another pod or a renewed certificate, and not for another number of them", () => {
    const first = revisionOf(deployment());
    assert.equal(revisionOf(deployment({ replicas: 5 })), first);
    assert.notEqual(revisionOf(deployment({ image: "registry:3.1.2" })), first);
    const serving = (certificate: string) =>
      revisionOf(
        deploymentSpec(standalonePlan(), { ...cluster, certificate: { data: { "tls.crt": certificate } } }),
      );
    assert.notEqual(serving("old"), serving("new"));
  });

  it("has no pods while it is Removed", () => {
    assert.equal(deployment({ managementState: "Removed" }).replicas, 0);
  });
});
