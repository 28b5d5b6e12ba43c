import assert from "node:assert/strict";
import { ImageMove } from "../../../components/image-move";
import type { Storage } from "../../../backends/backend";
import type { Hold } from "../../../images/hold";
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

  function part(changes: { move?: Move; hold?: Hold; from?: typeof emptyDir } = {}) {
    const { from = emptyDir, ...given } = changes;
    if (given.hold) {
      const metadata = { name: "image-registry-hold", namespace, uid: "left" };
      const data = { from: JSON.stringify(given.hold.from) };
      cluster.objects.set("configmaps/image-registry-hold", { metadata, data });
    }
    const plan = standalonePlan({ replicas: 1, storage: onClaim("images") });
    const deployment = rolledOut(standalonePlan({ replicas: 1, storage: from }));
    const checked = Promise.resolve({ live: liveStandalone({ deployment }), hold: undefined, ...given });
    return new ImageMove<StandaloneTypes>(standalone, cluster.connection, plan, checked, 1, {
      progress: () => {},
      warn: (message) => warnings.push(message),
    });
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
