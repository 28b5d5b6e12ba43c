import assert from "node:assert/strict";
import { checkConfiguration } from "../../../../config";
import { planOf } from "../../../../platforms/standalone/plan";
import { dev, onHost, onNfs } from "../../support/configuration";

const planned = (raw: Record<string, unknown>) =>
  planOf(checkConfiguration({ ...raw, platform: "standalone" }, "dev"));

describe("the plan of platform standalone", () => {
  it("has a namespace and an image of its own when none is configured", () => {
    const { namespace, image } = planned(dev);
    assert.equal(namespace, "image-registry");
    assert.match(image, /^docker\.io\/library\/registry:3\.\d+\.\d+$/);
  });

  it("puts the claim where the pods are", () => {
    const { namespace } = planned({ ...onNfs(), standalone: { namespace: "registry" } });
    assert.equal(namespace, "registry");
  });

  it("refuses a backend that only the operator knows", () => {
    const gcs = { ...dev, backend: "gcs", gcs: { bucket: "images" } };
    assert.throws(
      () => planned(gcs),
      /^UserError: backend: "gcs" is for the registry's operator|backend: "gcs"/,
    );
  });

  it("runs pods as the owner of the export's files, unless the stack names another user", () => {
    assert.deepEqual(planned(onHost({ gid: 5001 })).owner, { uid: 5000, gid: 5001 });
    assert.deepEqual(planned({ ...onHost(), standalone: { uid: 7 } }).owner, { uid: 7, gid: 5000 });
    assert.deepEqual(planned(dev).owner, { uid: 1000, gid: 1000 });
    assert.deepEqual(planned({ ...dev, standalone: { uid: 7 } }).owner, { uid: 7, gid: 7 });
  });

  it("leaves the user to a cluster that assigns one, unless the stack names it", () => {
    assert.equal(planned(onHost()).ownerIsGiven, false);
    assert.equal(planned({ ...dev, standalone: { gid: 7 } }).ownerIsGiven, true);
  });
});
