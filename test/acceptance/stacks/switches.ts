import assert from "node:assert/strict";
import type { StoreKey } from "../../../backends/backend";
import { sameStore, storeKeysIn } from "../../../backends/stores";
import { until } from "../program/harness";
import { changes, expectNoChanges, preview, up } from "../../support/engine";
import { acceptImageLoss, foundWarnings } from "../program/runs";
import type { StacksCluster } from "./cluster";
import { type Backend, backends, isStoreKnown, storeName } from "./settings";

const way: Backend[] = ["emptyDir", "nfs", "pvc", "s3", "emptyDir", "s3", "pvc", "nfs", "emptyDir"];

/** One stack, on emptyDir at first, whose backend changes, in its configuration and behind its back. */
export function switches(cluster: StacksCluster): void {
  const run = (backend: Backend) =>
    cluster.stack("dev", { ...backends[backend].asked, acceptImageLoss: `${acceptImageLoss}, ${storeName}` });

  before(() => cluster.makeOwnClaim());

  way.slice(1).forEach((to, index) => {
    const from = way[index]!;
    const known = isStoreKnown || (from !== "s3" && to !== "s3");
    const title = known ? "" : " (needs IMAGE_REGISTRY_TEST_S3: the operator asks the object store)";
    const test = known ? it : it.skip;

    test(`${from} gives way to ${to}${title}`, async () => {
      const previewed = await preview(run(to));
      assert.match(previewed.printed, evictionOf(from, to));
      assert.match(previewed.printed, /~ storage *: \{/);
      assert.deepEqual(changes(await up(run(to))).sort(), changes(previewed).sort());
      await assertServesFrom(to);
      await expectNoChanges(run(to));
    });

    test(`${from} set by another manager gives way to ${to} again${title}`, async () => {
      await setByHand(from, to);
      assert.match(
        await foundWarnings(run(to)),
        evictionOf(from, to, /will put back spec\.storage\.pvc\.claim/),
      );
      assert.deepEqual(changes(await up(run(to))), ["update registry"]);
      await assertServesFrom(to);
    });
  });

  /** In place of the stack's own, as who wants rid of it would. */
  async function setByHand(backend: Backend, instead: Backend): Promise<void> {
    const storage = { [nameOf(instead)]: null, ...backends[backend].storage };
    await cluster.patch("Config", "cluster", { spec: { storage } });
    await until("the operator has seen it", async () => {
      const { metadata, status } = await cluster.config();
      return status?.observedGeneration === metadata.generation;
    });
  }

  async function assertServesFrom(backend: Backend): Promise<void> {
    const { backends: held, inUse } = await cluster.storage();
    assert.deepEqual(held, [nameOf(backend)]);
    assert.ok(inUse && sameStore(inUse, backends[backend].storage), `pods use ${JSON.stringify(inUse)}`);
  }
}

/** The Config has one backend for both, nfs and pvc: another claim takes the place of the first, and nothing is evicted. */
function evictionOf(from: Backend, to: Backend, ofClaim = /claim/): RegExp {
  const [gone, kept] = [nameOf(from), nameOf(to)];
  return gone === kept
    ? ofClaim
    : new RegExp(`will evict ${gone} from spec\\.storage of the live registry: ${kept}`);
}

function nameOf(backend: Backend): StoreKey {
  return storeKeysIn(backends[backend].storage)[0]!;
}
