import assert from "node:assert/strict";
import { acceptImageLoss, assertImpossible, assertRefused, nfs } from "../runs";
import { emptyDir, name, removed, standaloneCluster, storage } from "./cluster";

const once = { ...nfs, nfs: { ...nfs.nfs, accessModes: ["ReadWriteOnce"] }, rolloutStrategy: "Recreate" };

describe("on platform standalone, what would lose images or could not work is refused, before anything is touched", function () {
  this.timeout("3m");
  const cluster = standaloneCluster();
  before(() => cluster.fresh());

  it("rolling pods, or two of them, on a ReadWriteOnce claim", async () => {
    const refused = (overlay: object, message: RegExp) =>
      assertImpossible(cluster.asking({ ...once, replicas: 1, ...overlay }), message);
    await refused({ rolloutStrategy: "RollingUpdate" }, /rolloutStrategy: .* use "Recreate"/);
    await refused({ replicas: 2 }, /replicas: "2" is more than 1, the limit with .*ReadWriteOnce/);
    await cluster.serving(cluster.asking({ ...once, replicas: 1 }), 1);
    assert.equal((await cluster.get("Deployment", name))?.spec?.strategy?.type, "Recreate");
  });

  it("the same on an existing claim, and one that is not there", async () => {
    const spec = { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } };
    await cluster.create("PersistentVolumeClaim", "theirs", { spec });
    const on = (claim: string, overlay = {}) =>
      cluster.asking({ backend: "pvc", pvc: { claim }, replicas: 1, acceptImageLoss, ...overlay });
    await assertImpossible(on("theirs"), /rolloutStrategy: "RollingUpdate", but .*"theirs" is ReadWriteOnce/);
    await assertImpossible(on("theirs", { replicas: 2, rolloutStrategy: "Recreate" }), /replicas: 2, but/);
    await assertImpossible(
      on("missing"),
      /pvc\.claim: "missing" does not exist in namespace image-registry \(claims there: "image-registry-nfs", "theirs"\)/,
    );
  });

  it("leaving a live store for another", async () => {
    await assertRefused(
      cluster,
      cluster.asking(emptyDir),
      /now keeps its images in pvc "image-registry-nfs".*acceptImageLoss/,
    );
    const export_ = { path: "/srv/another", volumeName: "another", claimName: "another" };
    const other = { ...once, replicas: 1, nfs: { ...once.nfs, ...export_ } };
    await assertImpossible(cluster.asking(other), /and pvc "another" would not have them/);
    await cluster.serving(cluster.asking({ ...emptyDir, acceptImageLoss }), 1);
    assert.deepEqual((await cluster.pods()).map(storage), ["emptyDir"]);
    await assertImpossible(
      cluster.asking({ ...emptyDir, ...removed }),
      /managementState: "Removed" deletes the pods/,
    );
    await assertImpossible(cluster.asking(), /now keeps its images in emptyDir/);
  });

  it("no node for the pods", async () => {
    const placement = { infra: true, nodeSelector: { zone: "moon" } };
    await assertImpossible(
      cluster.asking({ ...emptyDir, placement }),
      /0 would find a node.*nodeSelector zone=moon/,
    );
  });

  it("taking a deployment of somebody else's for its own", async () => {
    await cluster.fresh();
    await cluster.create("Namespace", name, {});
    await cluster.create("Deployment", name, {
      spec: {
        replicas: 0,
        selector: { matchLabels: { app: "theirs" } },
        template: {
          metadata: { labels: { app: "theirs" } },
          spec: { containers: [{ name: "theirs", image: "theirs:1" }] },
        },
      },
    });
    await assertImpossible(
      cluster.asking(),
      /standalone\.namespace: "image-registry" has a deployment "image-registry" that/,
    );
  });
});
