import assert from "node:assert/strict";
import type { V1Taint, V1Toleration } from "@kubernetes/client-node";
import { eligibleNodes, whyNot } from "../../../kubernetes/scheduling/node";
import { obstacleText } from "../../../platforms/text";
import { infraLabel, infraNode, node, onInfra } from "../support/fixtures";

const anywhere = { nodeSelector: {}, tolerations: [] };

describe("a node", () => {
  it("takes the registry when it is ready, open, labelled and its taints are tolerated", () => {
    assert.equal(whyNot(infraNode("infra-0"), onInfra), undefined);
    assert.equal(whyNot(node("worker-0"), anywhere), undefined);
  });

  it("says what it lacks", () => {
    const label = { kind: "label", key: infraLabel, is: undefined, asked: "" };
    assert.deepEqual(whyNot(node("worker-0"), onInfra), label);
    const taint = { kind: "taint", is: infraNode("infra-0").spec?.taints?.[0], tolerated: [] };
    assert.deepEqual(whyNot(infraNode("infra-0"), anywhere), taint);
  });

  it("does not take the registry with a label of another value", () => {
    const placement = { nodeSelector: { pool: "registry" }, tolerations: [] };
    const other = { kind: "label", key: "pool", is: "apps", asked: "registry" };
    assert.deepEqual(whyNot(node("worker-0", { pool: "apps" }), placement), other);
    assert.equal(whyNot(node("worker-0", { pool: "registry" }), placement), undefined);
  });

  it("does not take the registry while cordoned or not ready", () => {
    const cordoned = { ...node("worker-0"), spec: { unschedulable: true } };
    assert.deepEqual(whyNot(cordoned, anywhere), { kind: "cordoned" });
    for (const conditions of [[{ type: "Ready", status: "Unknown" }], []]) {
      const found = whyNot({ ...node("worker-0"), status: { conditions } }, anywhere);
      assert.deepEqual(found, { kind: "not ready" });
    }
  });

  it("does not take the registry for a while only: not one that is being deleted, nor with a taint that evicts after seconds", () => {
    const going = node("worker-0");
    assert.deepEqual(
      whyNot({ ...going, metadata: { ...going.metadata, deletionTimestamp: new Date() } }, anywhere),
      { kind: "goes" },
    );
    const tainted = node("worker-0", {}, [{ key: "maintenance", effect: "NoExecute" }]);
    const toleration = { key: "maintenance", operator: "Exists" };
    const tolerating = (...tolerations: V1Toleration[]) => whyNot(tainted, { nodeSelector: {}, tolerations });
    const evicting = tolerating({ ...toleration, tolerationSeconds: 60 });
    assert.match(
      evicting ? obstacleText(evicting) : "",
      /taint maintenance:NoExecute, which is tolerated for 60 s only/,
    );
    assert.equal(tolerating(toleration, { ...toleration, tolerationSeconds: 60 }), undefined);
  });

  it("is counted only when it qualifies", () => {
    const nodes = [node("worker-0"), infraNode("infra-0"), infraNode("infra-1")];
    assert.deepEqual(
      eligibleNodes(nodes, onInfra).map(({ metadata }) => metadata?.name),
      ["infra-0", "infra-1"],
    );
  });
});

describe("a toleration", () => {
  const tolerated = (taint: V1Taint, toleration: V1Toleration) =>
    whyNot(node("n", {}, [taint]), { nodeSelector: {}, tolerations: [toleration] }) === undefined;
  const taint = { key: "dedicated", value: "registry", effect: "NoSchedule" };

  it("with Exists matches any value of its key", () => {
    assert.ok(tolerated(taint, { key: "dedicated", operator: "Exists" }));
    assert.ok(!tolerated(taint, { key: "other", operator: "Exists" }));
  });

  it("is Equal unless it says otherwise, and then needs the value", () => {
    assert.ok(tolerated(taint, { key: "dedicated", value: "registry" }));
    assert.ok(!tolerated(taint, { key: "dedicated", operator: "Equal", value: "apps" }));
    assert.ok(!tolerated(taint, { key: "dedicated" }));
    assert.ok(tolerated({ key: "dedicated", effect: "NoSchedule" }, { key: "dedicated" }));
  });

  it("without an effect matches every effect, with one only that", () => {
    assert.ok(tolerated({ ...taint, effect: "NoExecute" }, { key: "dedicated", operator: "Exists" }));
    assert.ok(!tolerated(taint, { key: "dedicated", operator: "Exists", effect: "NoExecute" }));
  });

  it("without a key matches everything, and only with Exists", () => {
    assert.ok(tolerated(taint, { operator: "Exists" }));
    assert.ok(!tolerated(taint, { value: "registry" }));
  });

  it("is not needed for a taint that only asks the scheduler to prefer others", () => {
    assert.ok(tolerated({ ...taint, effect: "PreferNoSchedule" }, {}));
  });

  it("of one taint does not cover the node's other taints", () => {
    const gpu = { key: "gpu", effect: "NoExecute" };
    const both = node("n", {}, [taint, gpu]);
    const tolerations = [{ key: "dedicated", operator: "Exists" }];
    const found = whyNot(both, { nodeSelector: {}, tolerations });
    assert.deepEqual(found, { kind: "taint", is: gpu, tolerated: [] });
  });
});
