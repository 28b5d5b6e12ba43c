import assert from "node:assert/strict";
import { expectNoChanges, preview, up, warnings } from "../../support/engine";
import { testCluster } from "./harness";
import { assertRefused } from "./runs";

const infra = "node-role.kubernetes.io/infra";

describe("nodes that the stack labels and taints", function () {
  this.timeout("3m");
  const cluster = testCluster();
  const placed = (nodes: string[], more: object = {}) =>
    cluster.stack("dev", { placement: { infra: true, nodes, ...more } });

  before(() => cluster.fresh());

  it("are told to lose their pods to a taint that evicts", async () => {
    const containers = [{ name: "main", image: "other" }];
    await cluster.create("Pod", "other", { spec: { nodeName: "infra-1", containers } });
    const tolerations = [
      { key: infra, operator: "Exists" },
      { key: "only", operator: "Exists", effect: "NoExecute" },
    ];
    const said = warnings(await preview(placed(["infra-1"], { tolerations })));
    assert.match(
      said,
      /node "infra-1" with only:NoExecute, which evicts 1 pod: 1 of openshift-image-registry/,
    );
  });

  it("keep what serves of theirs; what must change is told before, old and new", async () => {
    const reserved = { key: infra, value: "reserved", effect: "NoSchedule" };
    await cluster.patch("Node", "worker-0", {
      metadata: { labels: { [infra]: "true" } },
      spec: { taints: [reserved] },
    });
    const run = placed(["worker-0"]);
    assert.match(
      warnings(await preview(run)),
      /will change label \S+\/infra from "true" to "" of node "worker-0"/,
    );
    await up(run);
    const { metadata, spec } = (await cluster.get("Node", "worker-0"))!;
    assert.equal(metadata.labels?.[infra], "");
    assert.deepEqual(
      spec?.taints?.map(({ key, value, effect }) => ({ key, value, effect })),
      [reserved],
    );
    await expectNoChanges(run);
  });

  it("are not tainted when no node would be left for other pods", async () => {
    const message =
      /placement\.nodes: taint \S+\/infra:NoSchedule on .*worker-1.* would leave no node for other pods/;
    await assertRefused(cluster, placed(["worker-0", "worker-1"]), message);
    assert.equal((await cluster.get("Node", "worker-1"))?.spec?.taints, undefined);
  });
});
