import assert from "node:assert/strict";
import { leftBehindFindings } from "../../../platforms/left-behind";
import { findingText } from "../../../platforms/text";
import { followed, registryConfig } from "../support/fixtures";

const claims = ["image-registry-nfs"];

describe("a registry of the stack in a namespace that it no longer asks for", () => {
  it("is an error while it runs, of the key that was changed", () => {
    const fields = (namespace: string, platform: "operator" | "standalone") =>
      leftBehindFindings(
        [{ namespace, deployment: followed(registryConfig()), claims }],
        platform,
      ).errors.map(({ field }) => field);
    assert.deepEqual(fields("images", "standalone"), ["standalone.namespace"]);
    assert.deepEqual(fields("images", "operator"), ["platform"]);
    assert.deepEqual(fields("openshift-image-registry", "standalone"), ["platform"]);
  });

  it("is a warning for each claim that it leaves when it is down", () => {
    const left = { namespace: "images", deployment: undefined };
    const { errors, warnings } = leftBehindFindings([{ ...left, claims }], "standalone");
    assert.deepEqual([errors.length, warnings.length], [0, 1]);
    assert.match(findingText(warnings[0]!), /oc delete pvc image-registry-nfs -n images/);
    assert.deepEqual(leftBehindFindings([{ ...left, claims: [] }], "standalone").warnings, []);
  });
});
