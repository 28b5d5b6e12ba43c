import assert from "node:assert/strict";
import { ImageMove } from "../../../components/image-move";
import type { Storage } from "../../../backends/backend";
import type { Hold } from "../../../images/hold";
import type { moveImages } from "../../../images/move";
import { ClusterError } from "../../../kubernetes/client";
import { NoAnswer } from "../../../kubernetes/client-error";
import type { Move } from "../../../platforms/image-move";
import { standalone, type StandaloneTypes } from "../../../platforms/standalone";
import { FakeMoveCluster } from "../../integration/images/fake-moves";
import { emptyDir, onClaim } from "../support/fixtures";
import { liveStandalone, rolledOut, standalonePlan } from "../support/standalone-fixtures";

describe("the part of an up that takes images along", () => {
  let cluster: FakeMoveCluster;
  let warnings: string[];
  beforeEach(async () => {
    cluster = await new FakeMoveCluster().start();
    warnings = [];
  });
  afterEach(() => cluster.stop());

  const namespace = "image-registry";
  const move: Move = {
    namespace,
    from: emptyDir,
    targetClaim: "images",
    pod: { containers: [{ name: "registry" }] },
  };
  const hold = (from: Storage): Hold => ({ since: "2026-11-28T09:00:00Z", from });

  function part(
    changes: { move?: Move; hold?: Hold; from?: typeof emptyDir; copy?: typeof moveImages } = {},
  ) {
    const { from = emptyDir, copy, ...given } = changes;
    if (given.hold) {
      const metadata = { name: "image-registry-hold", namespace, uid: "left" };
      const data = { from: JSON.stringify(given.hold.from) };
      cluster.objects.set("configmaps/image-registry-hold", { metadata, data });
    }
    const plan = standalonePlan({ replicas: 1, storage: onClaim("images") });
    const deployment = rolledOut(standalonePlan({ replicas: 1, storage: from }));
    const live = liveStandalone({ deployment });
    const checked = Promise.resolve({ live, hold: undefined, ...given });
    const platform = { ...standalone, read: () => Promise.resolve(live) };
    const told = { progress: () => {}, warn: (message: string) => warnings.push(message) };
    return new ImageMove<StandaloneTypes>(platform, cluster.connection, plan, checked, 1, told, copy);
  }

  it("does not switch to a store whose copy failed", async () => {
    let isSwitched = false;
    const switching = part({ move }).around(() => Promise.resolve(void (isSwitched = true)));
    await assert.rejects(switching, /no pod of the registry runs/);
    assert.ok(!isSwitched);
  });

  it("only switches where nothing is to be taken along", async () => {
    let isSwitched = false;
    await part().around(() => Promise.resolve(void (isSwitched = true)));
    assert.ok(isSwitched);
    assert.deepEqual(cluster.writes, []);
  });

  describe("whose switch is not written", () => {
    /** It has copied all, and holds pushes. */
    async function switching(error: Error) {
      const late = part({ move, copy: (_, { run }) => Promise.resolve(held(run)) });
      await assert.rejects(
        late.around(() => Promise.reject(error)),
        error,
      );
      return late;
    }

    function held(run: string): string[] {
      const metadata = { name: "image-registry-hold", namespace, uid: "own" };
      cluster.objects.set("configmaps/image-registry-hold", {
        metadata,
        data: { from: JSON.stringify(emptyDir), run },
      });
      return [];
    }

    it("lifts the hold where the API server has refused it", async () => {
      await switching(new ClusterError("denied", false, 403));
      assert.equal(cluster.hold, undefined);
    });

    it("leaves another run's hold alone, which that one relies on", async () => {
      const late = part({ move, copy: () => Promise.resolve(held("another")) });
      const refused = new ClusterError("denied", false, 403);
      await assert.rejects(
        late.around(() => Promise.reject(refused)),
        refused,
      );
      assert.ok(cluster.hold);
    });

    it("keeps the hold where no answer came: it may have been written all the same", async () => {
      await switching(new NoAnswer("no answer within 20 s"));
      assert.ok(cluster.hold);
    });

    it("lifts it after the engine's own write, too, but only where that was refused", async () => {
      const late = part({ move, copy: (_, { run }) => Promise.resolve(held(run)) });
      await late.around(() => Promise.resolve());
      await late.whenRefused("update failed: context deadline exceeded");
      assert.ok(cluster.hold);
      await late.whenRefused('admission webhook "x" denied the request: no');
      assert.equal(cluster.hold, undefined);
      assert.match(warnings.join(), /lifted the hold.*whose switch was refused/);
    });
  });

  it("takes away the hold of an up that died before its switch, and says so", async () => {
    await part({ hold: hold(emptyDir) }).beforeWaiting();
    assert.equal(cluster.hold, undefined);
    assert.match(warnings.join(), /lifted the hold on pushes that an up left/);
  });

  it("keeps the hold of an up that died after its switch until the old pods are gone", async () => {
    const late = part({ hold: hold(emptyDir), from: onClaim("images") });
    await late.beforeWaiting();
    assert.ok(cluster.hold);
    await late.whenConverged();
    assert.equal(cluster.hold, undefined);
  });
});
