import assert from "node:assert/strict";
import { preflight } from "../../../../platforms/operator/preflight";
import type { LiveOperator } from "../../../../platforms/operator/live";
import { unwell } from "../../../../platforms/operator/convergence";
import { ailmentText } from "../../../../platforms/text";
import { imagePruner, live, plan, registryConfig, told } from "../../support/fixtures";

const warnings = (found: Partial<LiveOperator>) => told(preflight(live(found), plan())).warnings;

function pruner(...conditions: object[]): LiveOperator["pruner"] {
  return { ...imagePruner(), status: { conditions } } as LiveOperator["pruner"];
}

describe("a registry that serves, and turns the ClusterOperator red", () => {
  it("is told of by the condition that does it, once", () => {
    const status = "False" as const;
    const config = registryConfig(
      {},
      { conditions: { NodeCADaemonAvailable: { status, message: "no daemon" } } },
    );
    assert.deepEqual(unwell({ config, pruner: undefined }).map(ailmentText), [
      "Config: NodeCADaemonAvailable=False: no daemon",
    ]);
    assert.deepEqual(warnings({ config }), ["Config: NodeCADaemonAvailable=False: no daemon"]);
  });

  it("does so by a pruner whose job failed", () => {
    const failed = pruner(
      {
        type: "Failed",
        status: "True",
        reason: "Error",
        message: "Job has reached the specified backoff limit",
      },
      { type: "Available", status: "True", reason: "AsExpected" },
      { type: "Scheduled", status: "True", reason: "Scheduled" },
    );
    assert.deepEqual(warnings({ pruner: failed }), [
      "ImagePruner: Failed=True (Error): Job has reached the specified backoff limit",
    ]);
  });

  it("is not one that says of itself what is part of whether it converged, or nothing wrong", () => {
    const config = registryConfig({}, { conditions: { Degraded: "True", ImageConfigDegraded: "False" } });
    assert.deepEqual(unwell({ config, pruner: pruner({ type: "Available", status: "True" }) }), []);
  });
});

describe("a store that is nearly full", () => {
  it("is warned of", () => {
    assert.deepEqual(warnings({ room: { size: 100, free: 9 } }), [
      "only 9 % of its store is free; pushes fail when it is full",
    ]);
    assert.deepEqual(warnings({ room: { size: 100, free: 10 } }), []);
  });
});
