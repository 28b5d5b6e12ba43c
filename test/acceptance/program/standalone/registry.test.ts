import assert from "node:assert/strict";
import { readStatus } from "../../../../status/status";
import { changes, configurationOf, failure, type StackRun, up } from "../../../support/engine";
import { assertImpossible, besideNobody, foundWarnings, nfsClaim } from "../runs";
import { clusterChanges, emptyDir, standaloneCluster, storage } from "./cluster";

describe("a standalone registry", function () {
  this.timeout("3m");
  const cluster = standaloneCluster();
  before(() => cluster.fresh());

  it("comes up with what it needs, its replicas on hosts of their own, and says where it is and how it is", async () => {
    const result = await cluster.serving(cluster.asking(), 2);
    assert.deepEqual(clusterChanges(result), [
      "create namespace",
      "create registry",
      "create registry-budget",
      "create registry-http-secret",
      "create registry-network-policy",
      "create registry-service",
      "create stack-name",
      "create storage-claim",
      "create storage-volume",
    ]);
    const pods = await cluster.pods();
    assert.equal(new Set(pods.map(({ spec }) => spec?.nodeName)).size, 2);
    assert.deepEqual(pods.map(storage), [nfsClaim, nfsClaim]);

    const { outputs } = result;
    assert.equal(outputs["endpoint"], "image-registry.image-registry.svc:5000");
    assert.deepEqual([outputs["backend"], outputs["claim"], outputs["volume"]], ["nfs", nfsClaim, nfsClaim]);
    assert.match(JSON.stringify(outputs["conditions"]), /"Available":"True \(MinimumReplicasAvailable\)/);
  });

  it("waits for an up, as its status says, once its stack asks for something else", async () => {
    const asOf = (run: StackRun) => readStatus(configurationOf(run));
    assert.deepEqual((await asOf(cluster.asking())).drift, []);
    const { converged, drift } = await asOf(cluster.asking({ registry: { readOnly: true } }));
    assert.equal(converged, false);
    assert.match(drift.join("\n"), /^an up will change spec\.template\..*READONLY\] of the Deployment; no/m);
  });

  it("serves with what was asked at the moment an up ends", async () => {
    await cluster.serving(cluster.asking({ replicas: 1, registry: { readOnly: true } }), 1);
    const [pod] = await cluster.pods();
    const env = pod?.spec?.containers[0]?.env?.find((one) => /READONLY/.test(one.name));
    assert.equal(env?.value, "{enabled: true}");
    const placement = { infra: true };
    await cluster.serving(cluster.asking({ placement }), 2);
    const nodes = (await cluster.pods()).map(({ spec }) => spec?.nodeName);
    assert.deepEqual(nodes.sort(), ["infra-0", "infra-1"]);
  });

  it("serves over TLS once the Secret is there, and with a renewed certificate after the next up", async () => {
    const run = cluster.asking({ standalone: { tlsSecret: "registry-tls" } });
    const message =
      /standalone\.tlsSecret: namespace image-registry has no Secret "registry-tls" with tls\.crt/;
    await assertImpossible(run, message);

    await cluster.create("Secret", "registry-tls", { stringData: { "tls.crt": "a", "tls.key": "b" } });
    await cluster.serving(run, 2);
    const [before] = await cluster.pods();
    assert.equal(before?.spec?.containers[0]?.readinessProbe?.httpGet?.scheme, "HTTPS");
    await cluster.patch("Secret", "registry-tls", { stringData: { "tls.crt": "renewed" } });
    assert.deepEqual(changes(await up(run)), ["update registry"]);
    assert.ok(!(await cluster.pods()).some(({ metadata }) => metadata.uid === before?.metadata.uid));
  });

  it("a rollout that cannot finish fails the up with the pods' own message, and the next one too", async () => {
    await cluster.fresh();
    const run = cluster.asking({ ...emptyDir, timeoutSeconds: 5, registry: { affinity: besideNobody } });
    const message =
      /did not converge within 5 s[^]*condition: Available=False[^]*pod image-registry-\S+ \(Pending\): Unschedulable: .*didn't match pod affinity rules/;
    assert.match((await failure(up(run))).message, message);
    assert.match(
      await foundWarnings(run),
      /has not converged[^]*Unschedulable: .*didn't match pod affinity rules/,
    );
    const again = await failure(up(run));
    assert.match(again.message, message);
    assert.deepEqual(changes(again.result), []);
  });
});
