import assert from "node:assert/strict";
import { storeKeysIn } from "../../../backends/stores";
import { preview, up } from "../../support/engine";
import { testCluster, until } from "./harness";
import { acceptImageLoss, assertImpossible, nfs, nfsClaim } from "./runs";

// Pulumi.dev.yaml accepts that the images of its emptyDir are lost.
const unaccepted = { acceptImageLoss: "" };

describe("the storage of a live registry", function () {
  this.timeout("2m");
  const cluster = testCluster();

  describe("set by another manager", () => {
    before(() => cluster.fresh());

    it("a container of the same name in another account is another store", async () => {
      await byHand({ storage: { azure: { container: "images", accountName: "one" } } });
      const azure = (accountName: string) =>
        cluster.stack("dev", { backend: "azure", azure: { container: "images", accountName } });
      const message =
        /images are in azure container "images" of one, and azure container "images" of two .* acceptImageLoss: azure images one/;
      await assertImpossible(azure("two"), message);
    });

    it("has no images to lose as long as the registry was Removed", async () => {
      await byHand({ storage: { azure: null, emptyDir: {} } });
      const watch = await cluster.watchConfig();
      await up(cluster.stack("dev", nfs));
      const history = (await watch.seen()).map(({ spec }) => storeKeysIn(spec.storage).join());
      assert.deepEqual([...new Set(history)], ["emptyDir", "pvc"]);
    });

    it("goes in the one write that brings the stack's own: never are there two backends, or none", async () => {
      await cluster.fresh();
      await byHand({ managementState: "Managed", storage: { emptyDir: {} } });
      await serves();

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
  });

  describe("on a claim, holds images that another store would not have", () => {
    it("leaving it for emptyDir or for another claim is refused", async () => {
      const message =
        /the registry now keeps its images in pvc "image-registry-nfs", .* acceptImageLoss: pvc image-registry-nfs/;
      await assertImpossible(cluster.stack("dev"), message);
      const other = { ...nfs, nfs: { ...nfs.nfs, path: "/srv/another", claimName: "another" } };
      await assertImpossible(cluster.stack("dev", other), message);
    });

    it("leaving it while the registry is down is refused as well, be it then asked to serve or not", async () => {
      await up(cluster.stack("dev", { ...nfs, managementState: "Removed" }));
      const message =
        /the registry is down, and its images are in pvc "image-registry-nfs", .* acceptImageLoss: pvc image-registry-nfs/;
      for (const managementState of ["Removed", "Managed"])
        await assertImpossible(cluster.stack("dev", { managementState }), message);
    });
  });

  describe("in an emptyDir, holds images that another pod would not have", () => {
    it("set up by hand it is taken up as it is: the preview says what changes, and no pod is replaced", async () => {
      await cluster.fresh();
      await byHand({ managementState: "Managed", storage: { emptyDir: {} }, rolloutStrategy: "Recreate" });
      await serves();
      const before = (await cluster.pods()).map(({ metadata }) => metadata.uid);
      const { diagnostics } = await preview(recreated());
      await up(recreated());
      assert.deepEqual(
        (await cluster.pods()).map(({ metadata }) => metadata.uid),
        before,
      );
      const said = diagnostics.map(({ message }) => message).join("\n");
      assert.match(
        said,
        /will change spec\.storage\.managementState of the Config from "Managed" \(set by .*operator\) to "Unmanaged"/,
      );
    });

    it("taking it down is refused", async () => {
      const message = /managementState: "Removed" deletes the pods, .* acceptImageLoss: emptyDir/;
      await assertImpossible(recreated({ ...unaccepted, managementState: "Removed" }), message);
    });

    it("so is anything else that replaces the pod, also to put back what others changed", async () => {
      const debug = { registry: { logLevel: "Debug" } };
      const message =
        /backend: the pod is replaced for environment REGISTRY_LOG_LEVEL, .* acceptImageLoss: emptyDir/;
      await assertImpossible(recreated({ ...unaccepted, ...debug }), message);
      const said = (await preview(recreated(debug))).diagnostics.map(({ message }) => message).join();
      assert.match(said, /acceptImageLoss: is on for emptyDir/);
    });

    const recreated = (overlay: object = {}) =>
      cluster.stack("dev", { rolloutStrategy: "Recreate", ...overlay });
  });

  async function serves(): Promise<void> {
    await until("the registry serves", async () => {
      const deployment = await cluster.get("Deployment", "image-registry");
      return deployment?.status?.availableReplicas === 1;
    });
  }

  async function byHand(spec: object): Promise<void> {
    await cluster.patch("Config", "cluster", { spec });
  }
});
