import assert from "node:assert/strict";
import { storeKeysIn } from "../../../backends/stores";
import { preview, up } from "../../support/engine";
import { testCluster, until } from "./harness";
import { acceptImageLoss, assertRefused, nfs, nfsClaim } from "./runs";

describe("the storage of a live registry", function () {
  this.timeout("2m");
  const cluster = testCluster();

  describe("set by another manager", () => {
    beforeEach(() => cluster.fresh());

    it("goes in the one write that brings the stack's own: never are there two backends, or none", async () => {
      await byHand({ managementState: "Managed", storage: { emptyDir: {} } });
      await until("the registry serves from emptyDir", async () => {
        const deployment = await cluster.get("Deployment", "image-registry");
        return deployment?.status?.availableReplicas === 1;
      });

      const watch = await cluster.watchConfig();
      await up(cluster.stack("dev", { ...nfs, acceptImageLoss }));
      const history = (await watch.seen()).map(({ spec }) => storeKeysIn(spec.storage).join());

      assert.deepEqual([...new Set(history)], ["emptyDir", "pvc"]);
      assert.equal(history.lastIndexOf("emptyDir") < history.indexOf("pvc"), true);
      assert.deepEqual((await cluster.config()).spec.storage, {
        managementState: "Unmanaged",
        pvc: { claim: nfsClaim },
      });
    });

    it("has no images to lose as long as the registry was Removed", async () => {
      await byHand({ storage: { emptyDir: {} } });
      const watch = await cluster.watchConfig();
      await up(cluster.stack("dev", nfs));
      const history = (await watch.seen()).map(({ spec }) => storeKeysIn(spec.storage).join());
      assert.deepEqual([...new Set(history)], ["emptyDir", "pvc"]);
    });
  });

  describe("holds images that another store would not have", () => {
    before(async () => {
      await cluster.fresh();
      await up(cluster.stack("dev"));
    });

    it("taking it down is refused while they are in emptyDir", async () => {
      const message = /managementState: "Removed" deletes the pods, .* acceptImageLoss: true/;
      await assertRefused(cluster, cluster.stack("dev", { managementState: "Removed" }), message);
    });

    it("leaving its claim for emptyDir or for another claim is refused", async () => {
      await up(cluster.stack("dev", { ...nfs, acceptImageLoss }));
      const message =
        /the registry now keeps its images in pvc "image-registry-nfs", .* acceptImageLoss: true/;
      await assertRefused(cluster, cluster.stack("dev"), message);
      const other = { ...nfs, nfs: { ...nfs.nfs, path: "/srv/another", claimName: "another" } };
      await assertRefused(cluster, cluster.stack("dev", other), message);
    });
  });

  it("set up by hand is taken up as it is: the preview says what changes, and no pod is replaced", async () => {
    await cluster.fresh();
    await byHand({ managementState: "Managed", storage: { emptyDir: {} }, rolloutStrategy: "Recreate" });
    await until("the registry serves", async () => {
      const deployment = await cluster.get("Deployment", "image-registry");
      return deployment?.status?.availableReplicas === 1;
    });
    const before = (await cluster.pods()).map(({ metadata }) => metadata.uid);
    const stack = cluster.stack("dev", { rolloutStrategy: "Recreate" });
    const { diagnostics } = await preview(stack);
    await up(stack);
    assert.deepEqual(
      (await cluster.pods()).map(({ metadata }) => metadata.uid),
      before,
    );
    const said = diagnostics.map(({ message }) => message).join("\n");
    assert.match(
      said,
      /will change spec\.storage\.managementState of the Config from "Managed" to "Unmanaged"/,
    );
  });

  async function byHand(spec: object): Promise<void> {
    await cluster.patch("Config", "cluster", { spec });
  }
});
