import assert from "node:assert/strict";
import type { V1ConfigMap } from "@kubernetes/client-node";
import { findingsFor } from "../../../platforms/check";
import { operator } from "../../../platforms/operator";
import { OwningStack } from "../../../components/owning-stack";
import { clusterProvider, nowhere } from "../support/cluster";
import { live, plan, told } from "../support/fixtures";
import { patience, run } from "../support/monitor";

const stack = "organization/image-registry/test";

const named = (data?: V1ConfigMap["data"], annotations?: Record<string, string>): V1ConfigMap => ({
  metadata: { name: "image-registry-stack", ...(annotations && { annotations }) },
  ...(data && { data }),
});

async function owned(found: V1ConfigMap | undefined) {
  const { resources } = await run(() => {
    const provider = clusterProvider();
    new OwningStack(
      "stack",
      {
        stack,
        namespace: "openshift-image-registry",
        connection: nowhere,
        checked: { live: { owningStack: found, moment: "100" } },
      },
      { provider },
    );
  });
  const configMap = resources.find(({ type }) => type === "kubernetes:core/v1:ConfigMap");
  assert.ok(configMap);
  const { annotations } = configMap.inputs["metadata"] as { annotations: Record<string, string> };
  return { configMap, made: annotations["image-registry/made"] };
}

const findings = (owningStack: V1ConfigMap | undefined, found = live()) =>
  told(findingsFor(stack, { owningStack }, () => operator.preflight(found, plan())));

describe("the stack that a cluster belongs to", function () {
  this.timeout(patience);

  it("is written down where the registry is, and let go of at destroy", async () => {
    const { configMap } = await owned(undefined);
    assert.deepEqual(configMap.inputs["data"], { stack });
    assert.equal(configMap.inputs["immutable"], true);
    assert.equal(
      (configMap.inputs["metadata"] as { namespace: string }).namespace,
      "openshift-image-registry",
    );
    assert.equal(configMap.retainOnDelete, false);
  });

  it("is written again where somebody removed it, and is no change as long as it is there", async () => {
    assert.equal((await owned(undefined)).made, "100");
    assert.equal((await owned(named({ stack }, { "image-registry/made": "7" }))).made, "7");
    assert.equal((await owned(named({ stack }))).made, undefined);
    assert.deepEqual((await owned(undefined)).configMap.replaceOnChanges, [
      'metadata.annotations["image-registry/made"]',
    ]);
  });

  it("refuses any other, and says nothing of what else it found", () => {
    const owningStack = named({ stack: "acme/image-registry/prod" });
    const { errors, warnings } = findings(owningStack, live({ nodes: [] }));
    assert.deepEqual(warnings, []);
    assert.equal(errors.length, 1);
    assert.match(
      errors[0] ?? "",
      /pulumi destroy --stack acme\/image-registry\/prod; or, .* oc delete configmap/,
    );
  });

  it("may be itself, or not named yet", () => {
    for (const owningStack of [undefined, named({ stack })]) {
      assert.deepEqual(findings(owningStack).errors, []);
    }
  });

  it("that names nothing is no stack's, and is to be removed", () => {
    const { errors } = findings(named());
    assert.match(errors.join(), /names no stack; remove it: oc delete configmap image-registry-stack/);
  });
});
