import assert from "node:assert/strict";
import { operator } from "../../../platforms/operator";
import type { RegistryPlan } from "../../../platforms/plan";
import type { LiveRegistry } from "../../../platforms/platform";
import {
  claim,
  infraNode,
  live,
  node,
  onClaim,
  onInfra,
  plan,
  registryConfig,
  told,
} from "../support/fixtures";

const storage = onClaim("registry");
const errors = (nodes: LiveRegistry["nodes"], asked: Partial<RegistryPlan>) =>
  told(
    operator.preflight(
      live({ nodes, claims: [claim("registry")], holdsImages: false }),
      plan({ storage, ...asked }),
    ),
  ).errors;

function error(nodes: LiveRegistry["nodes"], asked: Partial<RegistryPlan>): string {
  const all = errors(nodes, asked);
  assert.equal(all.length, 1, `errors: ${all.join("; ") || "none"}`);
  return all[0] as string;
}

describe("the nodes for the registry's pods", () => {
  const [infra0, infra1, worker] = [infraNode("infra-0"), infraNode("infra-1"), node("worker-0")];

  it("are enough when each of two replicas finds its own", () => {
    assert.deepEqual(errors([infra0, infra1, worker], { replicas: 2, placement: onInfra }), []);
  });

  it("are too few for two replicas when only one qualifies; the message says why of each other", () => {
    const message = error([infra0, worker], { replicas: 2, placement: onInfra });
    assert.match(message, /^replicas: 2, of which 1 would find a node, and the others stay Pending/);
    assert.match(message, /nodeSelector node-role\.kubernetes\.io\/infra=/);
    assert.match(
      message,
      /infra-0 takes 1, and then has another replica in its kubernetes\.io\/hostname, .*; worker-0 lacks label/,
    );
  });

  it("may be one for two replicas with an affinity of the stack's own, or for another number", () => {
    const settings = { affinity: {} };
    assert.deepEqual(errors([infra0], { replicas: 2, placement: onInfra, settings }), []);
    assert.deepEqual(errors([infra0], { replicas: 3, placement: onInfra }), []);
    assert.deepEqual(errors([infra0], { replicas: 1, placement: onInfra }), []);
  });

  it("are none when no node has the label", () => {
    assert.match(error([worker], { placement: onInfra }), /^replicas: 1, of which 0 would find a node/);
  });

  it("are none too for a registry that serves elsewhere, and would have to move", () => {
    const config = registryConfig({ storage });
    const serving = live({ config, nodes: [worker], claims: [claim("registry")] });
    const found = told(operator.preflight(serving, plan({ storage, placement: onInfra })));
    assert.match(found.errors.join(), /^replicas: 1, of which 0 would find a node/);
  });

  it("count as labelled when this stack labels them itself", () => {
    const asked = { replicas: 2, placement: onInfra, nodesToLabel: ["worker-0"] };
    assert.deepEqual(errors([infra0, worker], asked), []);
  });

  it("that the stack labels must exist, each", () => {
    const found = errors([worker], {
      placement: onInfra,
      nodesToLabel: ["worker-0", "worker-7", "worker-8"],
    });
    assert.deepEqual(found, [
      'placement.nodes: the cluster has no node "worker-7"',
      'placement.nodes: the cluster has no node "worker-8"',
    ]);
  });

  it("do not matter to a registry that the operator does not run", () => {
    for (const managementState of ["Removed", "Unmanaged"] as const) {
      assert.deepEqual(errors([], { managementState, placement: onInfra }), []);
    }
  });
});
