import assert from "node:assert/strict";
import type { V1Pod, V1ResourceQuota } from "@kubernetes/client-node";
import { claimShortages, podShortages } from "../../../kubernetes/quota";
import { amounts } from "../../../kubernetes/scheduling/resources";

const quota = (hard: object, used: object = {}, more: object = {}) =>
  [{ metadata: { name: "small" }, spec: { hard, ...more }, status: { hard, used } }] as V1ResourceQuota[];
const pod = { requests: amounts({ cpu: "100m", memory: "256Mi" }), limits: {} };
const running: V1Pod = {
  spec: { containers: [{ name: "registry", resources: { requests: { cpu: "100m", memory: "256Mi" } } }] },
};
const lacking = (...args: Parameters<typeof podShortages>) =>
  podShortages(...args).map(({ resource, left }) => [resource, left]);

describe("what a ResourceQuota leaves", () => {
  it("is its hard amount without what is used, and what pods that go give back", () => {
    const full = quota({ pods: "2", "requests.cpu": "200m" }, { pods: "2", "requests.cpu": "200m" });
    const both = [
      ["pods", 0],
      ["requests.cpu", 0],
    ];
    assert.deepEqual(lacking(full, pod, 1), both);
    assert.deepEqual(lacking(full, pod, 1, [running]), []);
    assert.deepEqual(lacking(full, pod, 2, [running]).length, 2);
  });

  it("counts cpu and memory under either name, and each replica", () => {
    for (const name of ["cpu", "requests.cpu"]) {
      assert.deepEqual(lacking(quota({ [name]: "250m" }), pod, 2), []);
      assert.deepEqual(lacking(quota({ [name]: "250m" }), pod, 3), [[name, 0.25]]);
    }
  });

  it("is nothing for a pod that does not say how much it wants of what is counted", () => {
    assert.deepEqual(lacking(quota({ "limits.memory": "10Gi" }), pod, 1), [["limits.memory", 10 * 2 ** 30]]);
    assert.deepEqual(lacking(quota({ "requests.ephemeral-storage": "1" }), pod, 1), []);
  });

  it("is of no interest where it counts other things, or other pods", () => {
    const none = { pods: "0" };
    assert.deepEqual(lacking(quota({ services: "0", "requests.storage": "0" }), pod, 1), []);
    for (const scopes of [["BestEffort"], ["Terminating"]])
      assert.deepEqual(lacking(quota(none, {}, { scopes }), pod, 1), []);
    assert.equal(lacking(quota(none, {}, { scopes: ["NotBestEffort", "NotTerminating"] }), pod, 1).length, 1);
  });

  it("is of pods of a priority class where it says so", () => {
    const expression = (operator: string, values?: string[]) =>
      quota(
        { pods: "0" },
        {},
        { scopeSelector: { matchExpressions: [{ scopeName: "PriorityClass", operator, values }] } },
      );
    const critical = { ...pod, priorityClass: "system-cluster-critical" };
    assert.equal(lacking(expression("In", ["system-cluster-critical"]), critical, 1).length, 1);
    assert.equal(lacking(expression("Exists"), critical, 1).length, 1);
    for (const other of [expression("In", ["low"]), expression("DoesNotExist")])
      assert.deepEqual(lacking(other, critical, 1), []);
    assert.deepEqual(lacking(expression("Exists"), pod, 1), []);
  });

  it("is counted of claims, and of those of a class", () => {
    const ofClass = "fast.storageclass.storage.k8s.io";
    const claims = quota(
      { "requests.storage": "5", persistentvolumeclaims: "1", [`${ofClass}/requests.storage`]: "3" },
      { persistentvolumeclaims: "1" },
    );
    const short = (bytes: number, storageClass?: string) =>
      claimShortages(claims, bytes, storageClass).map(({ resource }) => resource);
    assert.deepEqual(short(4), ["persistentvolumeclaims"]);
    assert.deepEqual(short(6, "fast"), [
      "requests.storage",
      "persistentvolumeclaims",
      `${ofClass}/requests.storage`,
    ]);
  });
});
