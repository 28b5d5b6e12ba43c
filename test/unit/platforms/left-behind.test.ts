import assert from "node:assert/strict";
import { leftBehind, type Remembered } from "../../../platforms/left-behind";
import { findingText } from "../../../platforms/text";

const standalone = (namespace: string, replicas = 2): Remembered => ({
  type: "kubernetes:apps/v1:Deployment",
  outputs: { metadata: { name: "image-registry", namespace }, spec: { replicas } },
});
const operators = (managementState: string): Remembered => ({
  type: "kubernetes:imageregistry.operator.openshift.io/v1:ConfigPatch",
  outputs: { metadata: { name: "cluster" }, spec: { managementState } },
});
const told = (remembered: Remembered[], platform: "operator" | "standalone", namespace: string) =>
  leftBehind(remembered, { platform, namespace }).map(findingText).join("\n");

describe("a registry that the stack leaves behind", () => {
  it("is the one in another namespace, or of another platform, that still runs", () => {
    assert.match(
      told([standalone("one")], "standalone", "two"),
      /^standalone\.namespace: .* namespace one runs on/,
    );
    assert.match(told([standalone("one")], "operator", "openshift-image-registry"), /namespace one runs on/);
    assert.match(told([operators("Managed")], "standalone", "one"), /^platform: was operator/);
  });

  it("is none that is down, or stays the stack's", () => {
    assert.equal(told([standalone("one")], "standalone", "one"), "");
    assert.equal(told([standalone("one", 0)], "standalone", "two"), "");
    assert.equal(told([operators("Managed")], "operator", "openshift-image-registry"), "");
    assert.equal(told([operators("Removed")], "standalone", "one"), "");
    assert.equal(told([], "standalone", "one"), "");
  });
});
