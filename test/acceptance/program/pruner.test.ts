import assert from "node:assert/strict";
import type { ImagePrunerSpec } from "../../../crds/types";
import { changes, destroy, expectNoChanges, preview, up, warnings } from "../../support/engine";
import { testCluster } from "./harness";
import { assertImpossible } from "./runs";

const pruner = {
  schedule: "30 3 * * MON-FRI",
  suspend: false,
  keepTagRevisions: 5,
  keepYoungerThanDuration: "96h",
};
const placement = { infra: true };
const nodeSelector = { "node-role.kubernetes.io/infra": "" };

/** One stack that goes from one to the next: each test begins where the one before it has ended. */
describe("the image pruner", function () {
  this.timeout("2m");
  const cluster = testCluster();
  before(() => cluster.fresh());

  const asked = () => cluster.stack("dev", { pruner, placement });

  it("is refused a schedule that no CronJob takes, with key and value", async () => {
    const run = cluster.stack("dev", { pruner: { schedule: "0 25 * * *" } });
    await assertImpossible(run, /pruner\.schedule: "0 25 \* \* \*" is not a schedule .*'25' of hours field/);
  });

  it("is set up and placed, and a second up has nothing to change", async () => {
    await up(asked());
    assert.deepEqual(await picked({ ...pruner, nodeSelector }), { ...pruner, nodeSelector });
    const before = await cluster.settledVersions();
    assert.deepEqual(changes(await up(asked())), []);
    assert.deepEqual(await cluster.versions(), before);
  });

  it("changed by hand is named in the preview, and put back by the next up", async () => {
    await cluster.patch("ImagePruner", "cluster", {
      spec: { suspend: true, tolerations: [], keepTagRevisions: null },
    });
    const previewed = await preview(asked());
    assert.match(
      warnings(previewed),
      /put back spec\.suspend of the ImagePruner: it is true by kubectl-patch/,
    );
    assert.match(
      warnings(previewed),
      /put back spec\.keepTagRevisions of the ImagePruner: it is gone by hand, asked is 5/,
    );
    assert.deepEqual(changes(previewed), ["update pruner-patch"]);
    await up(asked());
    assert.deepEqual(await picked({ ...pruner, nodeSelector }), { ...pruner, nodeSelector });
    await expectNoChanges(asked());
  });

  it("leaves its nodes, and keeps what others set, when placement is turned off under a live registry", async () => {
    await cluster.patch("ImagePruner", "cluster", { spec: { failedJobsHistoryLimit: 9 } });
    await up(cluster.stack("dev"));
    const { nodeSelector, tolerations, schedule, failedJobsHistoryLimit } = await spec();
    assert.deepEqual(
      [nodeSelector, tolerations, schedule, failedJobsHistoryLimit],
      [undefined, undefined, undefined, 9],
    );
    await expectNoChanges(cluster.stack("dev"));
  });

  it("stays as it is when the stack of a live registry is destroyed, and is let go of with one that is down", async () => {
    await up(asked());
    await destroy(asked());
    assert.deepEqual(await picked(pruner), pruner);
    const down = cluster.stack("dev", {
      pruner,
      placement,
      managementState: "Removed",
      acceptImageLoss: "emptyDir",
    });
    await up(down);
    await destroy(down);
    assert.equal((await spec()).schedule, undefined);
  });

  async function spec(): Promise<ImagePrunerSpec> {
    return ((await cluster.get("ImagePruner", "cluster")) as { spec?: ImagePrunerSpec }).spec ?? {};
  }

  /** The fields of the live pruner that the wanted has. */
  async function picked(wanted: ImagePrunerSpec): Promise<ImagePrunerSpec> {
    const live = await spec();
    return Object.fromEntries(Object.keys(wanted).map((key) => [key, live[key as keyof ImagePrunerSpec]]));
  }
});
