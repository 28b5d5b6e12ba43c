import assert from "node:assert/strict";
import type { V1LimitRange } from "@kubernetes/client-node";
import { claimOutOfRange, podOutOfRange, withDefaults } from "../../../kubernetes/limit-range";
import { amounts } from "../../../kubernetes/scheduling/resources";

const range = (item: object) => ({ metadata: { name: "few" }, spec: { limits: [item] } }) as V1LimitRange;
const container = (item: object) => [range({ type: "Container", ...item })];
const pod = (requests: object, limits: object = {}) => ({
  requests: amounts(requests as Record<string, string>),
  limits: amounts(limits as Record<string, string>),
});
/** What is refused, of a pod as admission fills it in. */
const refused = (ranges: V1LimitRange[], asked: ReturnType<typeof pod>) =>
  podOutOfRange(ranges, withDefaults(ranges, asked)).map(({ of, is }) => [of, is]);

describe("what a LimitRange makes of a pod", () => {
  it("gives it the requests and limits that it lacks, the first one's where there are several", () => {
    const ranges = [
      ...container({ default: { cpu: "2" }, defaultRequest: { cpu: "1" } }),
      ...container({ default: { cpu: "4", memory: "1Gi" } }),
    ];
    assert.deepEqual(withDefaults(ranges, pod({})), pod({ cpu: "1" }, { cpu: "2", memory: "1Gi" }));
    assert.deepEqual(
      withDefaults(ranges, pod({}, { cpu: "3" })),
      pod({ cpu: "3" }, { cpu: "3", memory: "1Gi" }),
    );
  });

  it("refuses less than its least, and none at all", () => {
    const least = container({ min: { memory: "512Mi" } });
    assert.deepEqual(refused(least, pod({ memory: "256Mi" })), [["request", 256 * 2 ** 20]]);
    assert.deepEqual(refused(least, pod({})), [["request", undefined]]);
    assert.deepEqual(refused(least, pod({ memory: "512Mi" })), []);
  });

  it("refuses more than its most, and a pod without a limit", () => {
    const most = container({ max: { cpu: "1" } });
    assert.deepEqual(refused(most, pod({ cpu: "500m" })), [["limit", undefined]]);
    assert.deepEqual(refused(most, pod({ cpu: "500m" }, { cpu: "2" })), [["limit", 2]]);
    assert.deepEqual(refused(most, pod({ cpu: "2" }, { cpu: "1" })), [["request", 2]]);
    assert.deepEqual(refused(most, pod({ cpu: "500m" }, { cpu: "1" })), []);
  });

  it("refuses a request above the limit that it fills in itself", () => {
    const filled = container({ default: { cpu: "50m" } });
    assert.deepEqual(refused(filled, pod({ cpu: "100m" })), [["request", 0.1]]);
    assert.deepEqual(refused(filled, pod({ cpu: "100m" }, { cpu: "200m" })), []);
  });

  it("refuses a limit that is too many times the request", () => {
    const twice = container({ maxLimitRequestRatio: { cpu: "2" } });
    assert.deepEqual(refused(twice, pod({ cpu: "1" }, { cpu: "3" })), [["limit by request", 3]]);
    assert.deepEqual(refused(twice, pod({ cpu: "1" }, { cpu: "2" })), []);
  });

  it("refuses a claim of another size, and leaves claims alone that it does not name", () => {
    const claims = [range({ type: "PersistentVolumeClaim", min: { storage: "2" }, max: { storage: "4" } })];
    assert.deepEqual(
      [1, 3, 5].map((bytes) => claimOutOfRange(claims, bytes).length),
      [1, 0, 1],
    );
    assert.deepEqual(claimOutOfRange(container({ max: { cpu: "1" } }), 5), []);
  });
});
