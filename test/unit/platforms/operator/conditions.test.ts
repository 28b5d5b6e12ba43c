import assert from "node:assert/strict";
import { conditionsOf, describeCondition, podProblems } from "../../../../platforms/operator/convergence";
import { pendingPod, registryConfig } from "../../support/fixtures";

describe("what people are shown", () => {
  it("is conditions by type, without times, so that an unchanged one is an unchanged output", () => {
    const [first] = conditionsOf(
      registryConfig({}, { conditions: { Available: { status: "True", reason: "Ready" } } }),
    );
    assert.deepEqual(first, { type: "Available", status: "True", reason: "Ready", message: "" });
    const types = conditionsOf(registryConfig()).map(({ type }) => type);
    assert.deepEqual(types, [...types].sort());
  });

  it("is a condition with its reason and message, when it has them", () => {
    const condition = { type: "Degraded", status: "True", reason: "Unavailable", message: "no replicas" };
    assert.equal(describeCondition(condition), "Degraded=True (Unavailable): no replicas");
    assert.equal(describeCondition({ ...condition, reason: "", message: "" }), "Degraded=True");
  });

  it("is the scheduler's own message for a pending pod", () => {
    const message = "0/3 nodes are available: 1 node(s) had untolerated taint(s)";
    const [problem] = podProblems([pendingPod(message)]);
    assert.equal(problem, `pod image-registry-7d4b9-x2x4q (Pending): Unschedulable: ${message}`);
  });

  it("is the kubelet's own message for a container that waits", () => {
    const waiting = { reason: "CrashLoopBackOff", message: "back-off 5m0s restarting" };
    const containerStatuses = [
      { name: "registry", state: { waiting }, image: "", imageID: "", ready: false, restartCount: 5 },
    ];
    const [problem] = podProblems([
      { metadata: { name: "p" }, status: { phase: "Running", containerStatuses } },
    ]);
    assert.equal(problem, "pod p (Running): CrashLoopBackOff: back-off 5m0s restarting");
  });

  it("is nothing for a pod that runs", () => {
    assert.deepEqual(podProblems([{ metadata: { name: "p" }, status: { phase: "Running" } }]), []);
  });
});
