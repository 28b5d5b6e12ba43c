import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { UserError } from "../../../errors";
import { holdName, readHold } from "../../../images/hold";
import { finishMove, moveImages } from "../../../images/move";
import type { MoveOptions } from "../../../images/move-options";
import { missingRights } from "../../../images/rights";
import { marker } from "../../../images/target";
import { ClusterClient } from "../../../kubernetes/client";
import type { Move } from "../../../platforms/image-move";
import { FakeMoveCluster, FakePodShell, registryPod } from "./fake-moves";
import { asUser, LocalStore } from "./local-store";

describe("a move of images", () => {
  let source: LocalStore;
  let target: LocalStore;
  let cluster: FakeMoveCluster;
  let lines: string[];
  let pods = [registryPod()];
  /** What happens before a script runs in one of the pods. */
  let before: (script: string) => void;
  /** As which the registry's pod runs. */
  let user: readonly string[];
  let free: number | undefined;
  let runs = 0;

  beforeEach(async () => {
    [source, target] = [new LocalStore(), new LocalStore()];
    cluster = await new FakeMoveCluster().start();
    [lines, pods, user, free] = [[], [registryPod()], asUser, undefined];
    before = () => {};
    source.push("shop/cart", "1");
  });
  afterEach(async () => {
    await cluster.stop();
    [source, target].forEach((store) => store.remove());
  });

  const container = { name: "registry", image: "registry:3" };
  const fromEmptyDir: Move = {
    namespace: "image-registry",
    from: { emptyDir: {} },
    targetClaim: "images",
    pod: { containers: [container], serviceAccountName: "registry" },
  };
  const fromClaim: Move = { ...fromEmptyDir, from: { pvc: { claim: "old" } }, node: "worker-0" };

  function options(): MoveOptions {
    return {
      client: new ClusterClient(cluster.connection),
      run: `run-${runs++}`,
      timeoutSeconds: 1,
      troublesOf: () => [],
      progress: (line) => lines.push(line),
      readPods: () => Promise.resolve(pods),
      shellIn: ({ metadata }, container) => {
        const mounted: Record<string, LocalStore> =
          container === "mover" ? { "/registry": target, "/source": source } : { "/registry": source };
        const shell = new FakePodShell(`pod ${metadata?.name}`, mounted, user);
        shell.freeBytes = free;
        shell.before = (script) => before(script);
        return shell;
      },
    };
  }

  for (const [what, move] of [
    ["an emptyDir", fromEmptyDir],
    ["a claim", fromClaim],
  ] as const) {
    it(`from ${what} copies first, holds then, and keeps the hold for the switch once the mover is gone`, async () => {
      pods = [registryPod("pod-1", move.from)];
      before = (script) => {
        if (!cluster.hold && script.includes("sha256sum")) source.push("shop/cart", "pushed meanwhile");
      };
      assert.deepEqual(await moveImages(move, options()), []);
      assert.deepEqual(target.files(), source.files());
      assert.deepEqual(cluster.writes, ["POST jobs", "POST configmaps", "DELETE jobs"]);
      assert.ok(!source.canBeWritten());
      assert.ok(target.canBeWritten());
    });
  }

  it("has a mover that is the registry's own pod, on the node that alone can mount the source, and reads that only", async () => {
    let job: unknown;
    pods = [registryPod("pod-1", fromClaim.from)];
    before = () => (job ??= cluster.objects.get("jobs/image-registry-mover"));
    await moveImages(fromClaim, options());
    const { template, ttlSecondsAfterFinished } = (
      job as { spec: { template: { spec: never }; ttlSecondsAfterFinished: number } }
    ).spec;
    const { containers, serviceAccountName, affinity, volumes } = template["spec"] as Record<string, unknown>;
    assert.equal(ttlSecondsAfterFinished, 0);
    assert.equal(serviceAccountName, "registry");
    const [{ image, volumeMounts }] = containers as [{ image: string; volumeMounts: unknown[] }];
    assert.equal(image, "registry:3");
    assert.deepEqual(volumeMounts.slice(0, 2), [
      { name: "target", mountPath: "/registry", readOnly: false },
      { name: "source", mountPath: "/source", readOnly: true },
    ]);
    assert.match(JSON.stringify(affinity), /worker-0/);
    assert.match(JSON.stringify(volumes), /"claimName":"images".*"claimName":"old"/);
  });

  it("says in the cluster that pushes are held before they are", async () => {
    let wasHeld: boolean | undefined;
    before = (script) => {
      if (script.includes("writable a-w")) wasHeld = cluster.hold !== undefined;
    };
    await moveImages(fromEmptyDir, options());
    assert.equal(wasHeld, true);
    const { client } = options();
    assert.deepEqual((await readHold(client, "image-registry"))?.from, { emptyDir: {} });
  });

  it("ends without a hold and without a mover where the registry runs as root, which no mode keeps from writing", async function () {
    if (asUser.length === 0) this.skip(); // only root can be root
    user = [];
    await assert.rejects(
      moveImages(fromEmptyDir, options()),
      /pushes cannot be held.*as root.*serves from emptyDir as before/s,
    );
    assert.deepEqual(cluster.writes, ["POST jobs", "DELETE jobs"]);
    assert.deepEqual(target.files(), {});
    assert.ok(source.canBeWritten());
  });

  it("needs no hold where the former store is read-only: nobody pushes to it", async function () {
    if (asUser.length === 0) this.skip(); // only root can mount
    pods = [registryPod("pod-1", fromClaim.from)];
    const readOnly = 'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && exec "$@"';
    user = ["unshare", "--mount", "sh", "-c", readOnly, source.root];
    await moveImages(fromClaim, options());
    assert.deepEqual(target.files(), source.files());
    assert.deepEqual(cluster.writes, ["POST jobs", "DELETE jobs"]);
  });

  it("does not begin, nor lifts a hold, while a pod of the registry serves from another store already", async () => {
    pods = [registryPod("pod-1", fromClaim.from)];
    await moveImages(fromClaim, options());
    cluster.writes.length = 0;
    pods.push(registryPod("pod-2", { pvc: { claim: "images" } }));
    await assert.rejects(moveImages(fromClaim, options()), /pod-2 serves from another store than pvc "old"/);
    assert.deepEqual(cluster.writes, []);
    assert.ok(!source.canBeWritten());
  });

  it("does not believe in a hold where somebody gave the right to write back meanwhile", async () => {
    before = (script) => {
      if (script.includes("/kept")) chmodSync(source.path("blobs"), 0o755);
    };
    await assert.rejects(moveImages(fromEmptyDir, options()), /ended before the switch/);
    assert.equal(cluster.objects.size, 0);
    assert.ok(source.canBeWritten());
  });

  it("lets pushes in again where it fails after they were held", async () => {
    before = (script) => {
      if (cluster.hold && script.includes("find ./repositories")) throw new UserError("the storage is away");
    };
    await assert.rejects(moveImages(fromEmptyDir, options()), /the storage is away.*as before;/s);
    assert.ok(source.canBeWritten());
    assert.equal(cluster.objects.size, 0);
  });

  it("says that another up has taken its place, whose mover it leaves alone, and not only what comes of it", async () => {
    before = (script) => {
      if (!script.startsWith("df ")) return;
      const metadata = { name: "image-registry-mover", namespace: "image-registry", uid: "another's" };
      cluster.objects.set("jobs/image-registry-mover", { metadata });
      throw new UserError("container not created: not found");
    };
    await assert.rejects(
      moveImages(fromEmptyDir, options()),
      /image-registry-mover was taken away.*another up.*not created: not found\n {2}the registry serves/s,
    );
    assert.deepEqual([...cluster.objects.keys()], ["jobs/image-registry-mover"]);
  });

  it("does not believe in a hold that has ended by itself meanwhile", async () => {
    before = (script) => {
      if (cluster.hold && script.includes("find ./repositories"))
        rmSync(path.join(source.root, ".image-registry-hold/alive"), { force: true });
    };
    await assert.rejects(
      moveImages(fromEmptyDir, options()),
      /ended before the switch; the next up begins again/,
    );
    assert.equal(cluster.objects.size, 0);
  });

  it("ends plainly where the pod with the emptyDir goes, and says that what was copied stays", async () => {
    before = (script) => {
      if (cluster.hold && script.includes("writable a-w")) pods = [registryPod("another")];
    };
    await assert.rejects(
      moveImages(fromEmptyDir, options()),
      /^Error: copyImages: the registry's pods were replaced.*stays there, and the next up goes on/s,
    );
    assert.equal(cluster.objects.size, 0);
    await assert.rejects(
      moveImages(fromEmptyDir, options()),
      /a part of another store's images \(emptyDir of pod .*pod-1/,
    );
  });

  it("leaves no mover behind that does not come up, and says what keeps it down", async () => {
    cluster.moverPods = [{ metadata: { name: "image-registry-mover-x" }, status: { phase: "Pending" } }];
    const troublesOf = () => ["0/3 nodes are available: 3 node(s) had volume node affinity conflict"];
    const moving = moveImages(fromEmptyDir, { ...options(), troublesOf });
    await assert.rejects(moving, /the pod that moves images does not run within 1 s.*affinity conflict/s);
    assert.equal(cluster.objects.size, 0);
  });

  it("says at once what does not let the mover in", async () => {
    cluster.moverPods = [];
    const message = 'pods "image-registry-mover-" is forbidden: exceeded quota: small';
    const involvedObject = { name: "image-registry-mover" };
    cluster.events = [{ type: "Warning", reason: "FailedCreate", message, involvedObject }];
    await assert.rejects(
      moveImages(fromEmptyDir, { ...options(), timeoutSeconds: 60 }),
      /is not let in\s+FailedCreate: .*exceeded quota: small/,
    );
    assert.equal(cluster.objects.size, 0);
  });

  it("knows beforehand what this user may not do", async () => {
    const { client } = options();
    assert.deepEqual(await missingRights(client, "image-registry"), []);
    cluster.forbidden = ["create configmaps", "delete jobs"];
    assert.deepEqual(await missingRights(client, "image-registry"), [
      "delete jobs image-registry-mover",
      "create configmaps",
    ]);
  });

  it("takes up a target that has folders alone, as of a registry to which nobody pushed", async () => {
    mkdirSync(target.path("repositories"), { recursive: true });
    mkdirSync(`${target.root}/lost+found`, { mode: 0 });
    await moveImages(fromEmptyDir, options());
    assert.deepEqual(target.files(), source.files());
  });

  it("is said to be none of this program's where a hold names no store", async () => {
    const metadata = { name: holdName, namespace: "image-registry", uid: "theirs" };
    for (const from of ["their notes", "{}", undefined]) {
      cluster.objects.set(`configmaps/${holdName}`, { metadata, data: from === undefined ? {} : { from } });
      await assert.rejects(
        moveImages(fromEmptyDir, options()),
        /does not say which store.*did not write it so/,
      );
    }
  });

  it("harms nothing where two are under way at once: none is left with a hold that nobody sees, nor with half of the images", async () => {
    for (let round = 0; round < 3; round++) {
      const both = [moveImages(fromEmptyDir, options()), moveImages(fromEmptyDir, options())];
      const ended = await Promise.allSettled(both);
      const isDone = ended.some(({ status }) => status === "fulfilled");
      if (!source.canBeWritten()) assert.ok(cluster.hold);
      if (isDone) assert.deepEqual(target.files(), source.files());
      if (isDone) assert.ok(source.isKept());
    }
  });

  it("leaves a target alone that has images of its own", async () => {
    target.push("other/things", "1");
    const there = target.files();
    await assert.rejects(moveImages(fromEmptyDir, options()), /not empty.*no copy of this store/s);
    assert.deepEqual(target.files(), there);
    assert.ok(!cluster.writes.includes("POST configmaps"));
  });

  it("ends before anything is held where there is no room for the blocks of all files", async () => {
    free = 1024;
    await assert.rejects(
      moveImages(fromEmptyDir, options()),
      /need 24\.0 KiB more, and the target has 1\.0 KiB free/,
    );
    assert.ok(!cluster.writes.includes("POST configmaps"));
  });

  describe("whose program was killed", () => {
    const steps: [string, (seen: { request: string; script: string }) => boolean][] = [
      ["before the mover is made", ({ request }) => request.startsWith("POST") && request.endsWith("/jobs")],
      ["when the target is taken", ({ script }) => script.includes(marker)],
      ["in the first pass", ({ script }) => script.includes("tar -")],
      ["while it is verified", ({ script }) => /xargs.*sha256sum/.test(script)],
      ["before the hold", ({ request }) => request.startsWith("POST") && request.endsWith("/configmaps")],
      ["before the store is protected", ({ script }) => script.includes("writable a-w")],
      ["in the last pass", ({ script }) => !!cluster.hold && script.includes("find ./repositories")],
      [
        "before the mover goes",
        ({ request }) =>
          !!cluster.hold && request.startsWith("DELETE") && request.endsWith("/image-registry-mover"),
      ],
      ["before the hold is kept", ({ script }) => script.includes("/kept")],
    ];
    it("at any step has harmed nothing, and the next one goes on, also when that is killed a step later", async () => {
      for (const [when, isThen] of steps) {
        let isDead = false;
        cluster.isDead = (request) => (isDead ||= isThen({ request, script: "" }));
        before = (script) => {
          if ((isDead ||= isThen({ request: "", script }))) throw new Error("killed");
        };
        if (source.canBeWritten()) source.push("shop/cart", when); // nobody but root gets past a hold
        const images = source.files();
        await assert.rejects(moveImages(fromEmptyDir, options()));
        assert.ok(isDead, when);
        assert.deepEqual(source.files(), images, when);
        // A hold is named; one that does not end by itself is of stores that are the same.
        if (!source.canBeWritten()) assert.ok(cluster.hold, when);
        if (source.isKept()) assert.deepEqual(target.files(), images, when);
      }
      cluster.isDead = () => false;
      before = () => {};
      await moveImages(fromEmptyDir, options());
      assert.deepEqual(target.files(), source.files());
      assert.ok(cluster.hold);
      assert.ok(!cluster.objects.has("jobs/image-registry-mover"));
    });
  });

  it("is finished by a store that says nothing of a copy any more, and no hold", async () => {
    await moveImages(fromEmptyDir, options());
    assert.ok(existsSync(path.join(target.root, marker)));
    const shellIn = () => new FakePodShell("the new pod", { "/registry": target });
    pods = [registryPod("pod-2", { pvc: { claim: "images" } })];
    await finishMove("image-registry", { ...options(), shellIn });
    assert.ok(!existsSync(path.join(target.root, marker)));
    assert.equal(cluster.hold, undefined);
    pods = [registryPod()];
    writeFileSync(path.join(target.root, "of-the-users"), "");
    await assert.rejects(moveImages(fromEmptyDir, options()), /not empty/);
  });

  describe("from a claim, once the registry serves from another one", () => {
    /** The registry's pods are on the new claim, and the former is mounted by the mover alone. */
    async function finish(changes: Partial<MoveOptions> = {}) {
      pods = [registryPod("pod-1", fromClaim.from)];
      await moveImages(fromClaim, options());
      pods = [registryPod("pod-2", { pvc: { claim: "images" } })];
      cluster.writes.length = 0;
      const shellIn = (_: unknown, container: string) =>
        new FakePodShell("x", { "/registry": container === "mover" ? source : target });
      await finishMove("image-registry", { ...options(), shellIn, ...changes });
    }

    it("lets it be written to again, by a mover", async () => {
      await finish();
      assert.deepEqual(cluster.writes, ["POST jobs", "DELETE jobs", "DELETE configmaps"]);
      assert.ok(source.canBeWritten());
    });

    it("waits until no pod is left that could write to it", async () => {
      const ending = registryPod("pod-1", fromClaim.from);
      ending.metadata!.deletionTimestamp = new Date();
      let looks = 0;
      await finish({ readPods: () => Promise.resolve(++looks < 4 ? [...pods, ending] : pods) });
      assert.ok(looks >= 4);
      assert.ok(source.canBeWritten());
    });

    it("lets it be written to again, by a mover, where a pod that has it crashes again and again", async () => {
      const crashed = registryPod("pod-1", fromClaim.from);
      const state = { waiting: { reason: "CrashLoopBackOff" } };
      crashed.status!.containerStatuses = [{ name: "registry", state } as never];
      await finish({ readPods: () => Promise.resolve([...pods, crashed]) });
      assert.deepEqual(cluster.writes, ["POST jobs", "DELETE jobs", "DELETE configmaps"]);
      assert.ok(source.canBeWritten());
    });

    it("forgets one that was deleted", async () => {
      cluster.claims = [];
      await finish();
      assert.deepEqual(cluster.writes, ["DELETE configmaps"]);
    });
  });
});
