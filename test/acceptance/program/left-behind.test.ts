import { preview, up, warnings } from "../../support/engine";
import assert from "node:assert/strict";
import { TestCluster, testCluster } from "./harness";
import { nfs } from "./runs";

describe("a registry that its stack leaves behind", function () {
  this.timeout("4m");
  const cluster = testCluster(undefined, new TestCluster("image-registry"));

  it("is told of in the preview, by another namespace and by another platform", async () => {
    await up(cluster.stack("standalone", nfs));
    const other = { ...nfs, nfs: { ...nfs.nfs, claimName: "other" }, standalone: { namespace: "elsewhere" } };
    const told =
      /standalone\.namespace: the registry in namespace image-registry runs on, .* no stack owns it/;
    assert.match(warnings(await preview(cluster.stack("standalone", other))), told);
    const operators = { ...other, platform: "operator", standalone: {} };
    assert.match(warnings(await preview(cluster.stack("standalone", operators))), told);
    assert.doesNotMatch(warnings(await preview(cluster.stack("standalone", nfs))), /runs on/);
  });
});
