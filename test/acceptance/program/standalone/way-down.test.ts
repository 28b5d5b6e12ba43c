import assert from "node:assert/strict";
import { changes, destroy, expectNoChanges, up } from "../../../support/engine";
import { until } from "../harness";
import type { Live } from "../objects";
import { assertImpossible, foundWarnings, nfs, nfsClaim } from "../runs";
import { clusterChanges, emptyDir, name, removed, standaloneCluster, storage } from "./cluster";

/** One stack that goes from one to the next: each test begins where the one before it has ended. */
describe("the way down of a standalone registry, and up again", function () {
  this.timeout("3m");
  const cluster = standaloneCluster();
  before(() => cluster.fresh());

  it("a namespace that others made keeps its labels", async () => {
    await cluster.create("Namespace", name, {});
    await up(cluster.asking());
    const labels = (await cluster.get("Namespace", name))?.metadata.labels;
    assert.deepEqual(Object.keys(labels ?? {}), ["kubernetes.io/metadata.name"]);
  });

  it("another stack is refused as long as this one is there, naming it", async () => {
    const another = cluster.stack("prod", { ...nfs, platform: "standalone", placement: undefined });
    await assertImpossible(another, /belongs to stack "organization\/image-registry\/standalone"/);
  });

  it("destroying the stack of a live registry leaves it running, and a new stack takes it up, pods and secret unchanged", async () => {
    const before = await cluster.settledVersions();
    const result = await destroy(cluster.asking());
    assert.deepEqual(
      clusterChanges(result).filter((change) => !change.startsWith("retain ")),
      ["delete stack-name"],
    );
    assert.deepEqual(await cluster.versions(), before);

    cluster.forgetStacks();
    await cluster.patch("Deployment", name, { spec: { replicas: 3 } });
    const [secret, pods] = [await cluster.httpSecret(), (await cluster.pods()).map(uid)];
    await cluster.serving(cluster.asking(), 2);
    assert.equal(await cluster.httpSecret(), secret);
    assert.ok((await cluster.pods()).map(uid).every((one) => pods.includes(one) || pods.length < 2));
    assert.deepEqual(changes(await up(cluster.asking())), []);
  });

  it("another namespace is refused while the registry runs", async () => {
    await assertImpossible(
      moved(),
      /standalone\.namespace: this stack's registry runs in namespace image-registry \(.* images in pvc "image-registry-nfs"/,
    );
  });

  it("Removed takes the pods away and keeps the claim, Managed brings them back on it", async () => {
    const claim = (await cluster.get("PersistentVolumeClaim", nfsClaim))?.metadata.uid;
    await up(cluster.asking(removed));
    assert.deepEqual(await cluster.pods(), []);
    assert.equal((await cluster.get("PersistentVolumeClaim", nfsClaim))?.metadata.uid, claim);
    await assertImpossible(
      cluster.asking(emptyDir),
      /is down, and its images are in pvc "image-registry-nfs", and emptyDir would not have them/,
    );
    await cluster.serving(cluster.asking(), 2);
    assert.equal((await cluster.get("PersistentVolumeClaim", nfsClaim))?.metadata.uid, claim);
    assert.deepEqual((await cluster.pods()).map(storage), [nfsClaim, nfsClaim]);
  });

  it("a claim that was deleted while the registry was down is made anew, on the same volume", async () => {
    await up(cluster.asking(removed));
    await cluster.delete("PersistentVolumeClaim", nfsClaim);
    await until("the volume is left over", async () => {
      return (await cluster.get("PersistentVolume", nfsClaim))?.status?.phase === "Released";
    });
    assert.match(await foundWarnings(cluster.asking()), /will free it for claim "image-registry-nfs"/);
    await cluster.serving(cluster.asking(), 2);
    assert.equal((await cluster.get("PersistentVolumeClaim", nfsClaim))?.status?.phase, "Bound");
  });

  it("destroying the stack of a Removed registry takes away all but the images, the way to them, and the namespace", async () => {
    await up(cluster.asking(removed));
    await destroy(cluster.asking());
    const left = await Promise.all([
      cluster.get("Deployment", name),
      cluster.get("Service", name),
      cluster.get("Secret", "image-registry-http"),
    ]);
    assert.deepEqual(left, [undefined, undefined, undefined]);
    assert.equal((await cluster.get("PersistentVolumeClaim", nfsClaim))?.status?.phase, "Bound");
    assert.equal((await cluster.get("PersistentVolume", nfsClaim))?.status?.phase, "Bound");
    assert.equal((await cluster.get("Namespace", name))?.status?.phase, "Active");
  });

  it("another namespace leaves no registry without a stack: once it is down, what stays is told", async () => {
    await up(cluster.asking(removed));
    assert.match(
      await foundWarnings(moved()),
      /claim "image-registry-nfs" of this stack's former registry stays in namespace image-registry/,
    );
    await up(moved());
    assert.equal(await cluster.get("Deployment", name), undefined);
    assert.equal((await cluster.get("PersistentVolumeClaim", nfsClaim))?.status?.phase, "Bound");
    await expectNoChanges(moved());
  });

  function moved() {
    const overlay = { standalone: { namespace: "moved" }, nfs: { ...nfs.nfs, volumeName: "moved" } };
    return cluster.asking(overlay);
  }
});

function uid({ metadata }: Live<"Pod">): string {
  return metadata.uid;
}
