import assert from "node:assert/strict";
import type { V1Pod } from "@kubernetes/client-node";
import { conditionsOf } from "../../../../platforms/operator/convergence";
import { podTroubles } from "../../../../platforms/rollout";
import { conditionText, podText } from "../../../../platforms/text";
import { pendingPod, registryConfig } from "../../support/fixtures";

const podProblems = (pods: V1Pod[]) => podTroubles(pods).map(podText);

describe("what people are shown", () => {
  it("is conditions by type, without times, so that an unchanged one is an unchanged output", () => {
    const [first] = conditionsOf({
      config: registryConfig({}, { conditions: { Available: { status: "True", reason: "Ready" } } }),
    });
    assert.deepEqual(first, { type: "Available", status: "True", reason: "Ready", message: "" });
    const types = conditionsOf({ config: registryConfig() }).map(({ type }) => type);
    assert.deepEqual(types, [...types].sort());
  });

  it("is a condition with its reason and message, when it has them", () => {
    const condition = { type: "Degraded", status: "True", reason: "Unavailable", message: "no replicas" };
    assert.equal(conditionText(condition), "Degraded=True (Unavailable): no replicas");
    assert.equal(conditionText({ ...condition, reason: "", message: "" }), "Degraded=True");
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
