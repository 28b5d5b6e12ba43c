import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";

import type { V1Job, V1Pod } from "@kubernetes/client-node";

import { keepHold, liftHold, readHold, setHold } from "../../images/hold";
import { removeMover } from "../../images/mover";
import { moverJob, moverName } from "../../images/mover-job";
import { ClusterClient } from "../../kubernetes/client";
import { type ControlPlane, startControlPlane } from "../../sandbox/control-plane";
import { eventually } from "./support";

const namespace = "default";
const held = [{ metadata: { labels: { "pod-template-hash": "7d4b9" } } }] as V1Pod[];

describe("a hold on pushes", function () {
  this.timeout("5m");
  let cluster: ControlPlane;
  let client: ClusterClient;

  before(async () => {
    const directory = mkdtempSync(path.join(tmpdir(), "hold-"));
    cluster = await startControlPlane({ directory, infraNodes: 0 });
    client = new ClusterClient(cluster);
  });
  after(async () => {
    await cluster.stop();
    rmSync(cluster.directory, { recursive: true });
  });

  /** A hold whose mover then ends, as it does two minutes after nobody asks anything of it any more. */
  async function holdOfMover() {
    const spec = {
      namespace,
      targetClaim: "images",
      pod: { containers: [{ name: "registry", image: "registry" }] },
    };
    const job = moverJob(spec);
    delete job.spec!.template.spec!.volumes; // no claim is there
    job.spec!.template.spec!.containers[0]!.volumeMounts = [];
    const made = await client.create<V1Job>(job);
    const owner = { name: moverName, uid: made.metadata!.uid! };
    return setHold(client, { namespace, owner, pods: held, hasOwnPolicy: false, from: "emptyDir" });
  }
  const jobIsGone = () =>
    eventually(
      () => client.get<V1Job>("batch/v1", "Job", moverName, namespace),
      (job) => job === undefined,
    );

  it("ends by itself once the mover has ended, which nobody was there to see", async () => {
    const { from } = await holdOfMover();
    assert.equal(from, "emptyDir");
    await jobIsGone();
    await eventually(
      () => readHold(client, namespace),
      (hold) => hold === undefined,
    );
  });

  it("outlives the mover once it is kept for the switch, and is then there to be found and lifted", async () => {
    const hold = await holdOfMover();
    await keepHold(client, namespace, hold);
    await removeMover(client, namespace, 60);
    await jobIsGone();
    // Long enough for the collector, which takes what has lost its owner at once.
    const late = await orphan();
    await eventually(
      () => client.get("v1", "ConfigMap", late, namespace),
      (found) => found === undefined,
    );
    assert.equal((await readHold(client, namespace))?.uid, hold.uid);
    assert.ok(await liftHold(client, namespace, []));
    assert.equal(await readHold(client, namespace), undefined);
  });

  it("is not kept where another one has taken its place", async () => {
    const first = await holdOfMover();
    await liftHold(client, namespace, []);
    await removeMover(client, namespace, 60);
    await holdOfMover();
    await assert.rejects(keepHold(client, namespace, first), /taken away before the switch/);
  });

  /** Something that the collector is sure to take after all that came before it. */
  async function orphan(): Promise<string> {
    const name = "orphan";
    const owner = {
      apiVersion: "batch/v1",
      kind: "Job",
      name: "none",
      uid: "00000000-0000-4000-8000-000000000000",
    };
    await client.create({
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name, namespace, ownerReferences: [owner] },
    });
    return name;
  }
});
