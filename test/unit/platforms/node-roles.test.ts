import assert from "node:assert/strict";
import type { V1Pod, V1Toleration } from "@kubernetes/client-node";
import type { Placement } from "../../../kubernetes/nodes";
import { roleFindings } from "../../../platforms/node-roles";
import type { Tainted } from "../../../platforms/platform";
import { findingText } from "../../../platforms/text";
import { infraLabel, node, onInfra } from "../support/fixtures";

const nodesToLabel = ["infra-0"];
const others: Tainted = { nodeForOthers: "worker-0", pods: new Map() };

function told(
  live: ReturnType<typeof node>,
  placement: Placement = onInfra,
  tainted: Tainted | undefined = others,
) {
  const { errors, warnings } = roleFindings([live, node("worker-0")], tainted, { nodesToLabel, placement });
  return { errors: errors.map(findingText), warnings: warnings.map(findingText) };
}

function pod(namespace: string, tolerations: V1Toleration[] = []): V1Pod {
  return { metadata: { namespace }, spec: { tolerations, containers: [] } };
}

describe("a node that gets the role", () => {
  it("of which nothing changes hands needs no word", () => {
    assert.deepEqual(told(node("infra-0")), { errors: [], warnings: [] });
    const ready = node("infra-0", { [infraLabel]: "" }, [
      { key: infraLabel, value: "reserved", effect: "NoSchedule" },
    ]);
    assert.deepEqual(told(ready, onInfra, undefined), { errors: [], warnings: [] });
  });

  it("has what must change of it told, old and new", () => {
    const reserved = [{ key: infraLabel, value: "reserved", effect: "NoSchedule" }];
    const live = node("infra-0", { [infraLabel]: "true" }, reserved);
    const [label = "", ...more] = told(live).warnings;
    assert.match(
      label,
      /^placement\.nodes: will change label node-role\.kubernetes\.io\/infra from "true" to "" of node "infra-0"/,
    );
    assert.deepEqual(more, [], "the taint serves as it is");
    const tolerations = [{ key: infraLabel, operator: "Equal", value: "other" }];
    assert.match(
      told(live, { ...onInfra, tolerations }).warnings[1] ?? "",
      /will change taint \S+=reserved:NoSchedule to \S+=other:NoSchedule of node "infra-0"/,
    );
  });
});

describe("a taint", () => {
  const executing = { ...onInfra, tolerations: [{ key: "infra", operator: "Exists", effect: "NoExecute" }] };
  const on = (pods: V1Pod[] | undefined): Tainted => ({ ...others, pods: new Map([["infra-0", pods]]) });

  it("that leaves no node for other pods is refused", () => {
    const { errors } = told(node("infra-0"), onInfra, { ...others, nodeForOthers: undefined });
    assert.match(
      errors.join(),
      /^placement\.nodes: taint .*infra:NoSchedule on infra-0 would leave no node for other pods/,
    );
    const tainted = node("infra-0", {}, [{ key: "gpu", effect: "NoSchedule" }]);
    assert.deepEqual(
      told(tainted, onInfra, { ...others, nodeForOthers: undefined }).errors,
      [],
      "there was none before",
    );
  });

  it("that evicts says how many pods of which namespaces, without those that tolerate it", () => {
    const pods = [pod("apps"), pod("apps"), pod("db"), pod("kube-system", [{ operator: "Exists" }])];
    const { warnings } = told(node("infra-0"), executing, on(pods));
    assert.match(
      warnings.join(),
      /will taint node "infra-0" with infra:NoExecute, which evicts 3 pods: 2 of apps, 1 of db$/,
    );
    assert.deepEqual(told(node("infra-0"), executing, on([])).warnings, []);
  });

  it("that evicts says so too where nobody may see the pods", () => {
    assert.match(
      told(node("infra-0"), executing, on(undefined)).warnings.join(),
      /how many cannot be told .*access\/pods\.yaml/,
    );
  });
});
