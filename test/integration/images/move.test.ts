import assert from "node:assert/strict";
import { existsSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { finishMove, moveImages, type MoveOptions } from "../../../images/move";
import { marker } from "../../../images/target";
import { ClusterClient } from "../../../kubernetes/client";
import type { Move } from "../../../platforms/image-move";
import { FakeMoveCluster, FakePodShell, registryPod } from "./fake-moves";
import { LocalStore } from "./local-store";

describe("a move of images", () => {
  let [source, target] = [new LocalStore(), new LocalStore()];
  let cluster: FakeMoveCluster;
  let lines: string[];
  let pods = [registryPod()];
  /** What happens before a script runs in one of the pods. */
  let before: (script: string) => void;
  let isEnforced: boolean;
  let isOpen: boolean;
  let free: number | undefined;

  beforeEach(async () => {
    [source, target] = [new LocalStore(), new LocalStore()];
    cluster = await new FakeMoveCluster().start();
    [lines, pods, isEnforced, isOpen, free] = [[], [registryPod()], true, true, undefined];
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
    port: 5000,
    hasOwnPolicy: false,
  };
  const fromClaim: Move = { ...fromEmptyDir, from: { pvc: { claim: "old" } }, node: "worker-0" };

  function options(): MoveOptions {
    const reaches = () => isOpen && !(cluster.hold && isEnforced);
    return {
      client: new ClusterClient(cluster.connection),
      timeoutSeconds: 1,
      troublesOf: () => [],
      progress: (line) => lines.push(line),
      readPods: () => Promise.resolve(pods),
      shellIn: ({ metadata }, container) => {
        const mounted: Record<string, LocalStore> =
          container === "mover" ? { "/registry": target, "/source": source } : { "/registry": source };
        const shell = new FakePodShell(`pod ${metadata?.name}`, mounted, reaches);
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
      before = (script) => {
        if (!cluster.hold && script.includes("sha256sum")) source.push("shop/cart", "pushed meanwhile");
      };
      assert.deepEqual(await moveImages(move, options()), []);
      assert.deepEqual(target.files(), source.files());
      assert.deepEqual(cluster.writes, [
        "POST jobs",
        "POST networkpolicies",
        "PATCH networkpolicies keep",
        "DELETE jobs",
      ]);
      assert.ok(cluster.hold && !cluster.hold.metadata?.ownerReferences);
    });
  }

  it("has a mover that is the registry's own pod, on the node that alone can mount the source, and reads that only", async () => {
    let job: unknown;
    before = () => (job = cluster.objects.get("jobs/image-registry-mover"));
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

  it("holds pushes to the old pods alone, by a policy that goes with the mover", async () => {
    let hold: unknown;
    before = () => (hold ??= structuredClone(cluster.hold));
    await moveImages(fromEmptyDir, options());
    const { metadata, spec } = hold as {
      metadata: { ownerReferences: { kind: string; name: string }[] };
      spec: unknown;
    };
    assert.deepEqual(
      metadata.ownerReferences.map(({ kind, name }) => `${kind} ${name}`),
      ["Job image-registry-mover"],
    );
    assert.deepEqual(spec, {
      podSelector: { matchExpressions: [{ key: "pod-template-hash", operator: "In", values: ["7d4b9"] }] },
      policyTypes: ["Ingress"],
      ingress: [],
    });
  });

  it("ends without a hold and without a mover where the network does not enforce policies", async () => {
    isEnforced = false;
    await assert.rejects(
      moveImages(fromEmptyDir, options()),
      /pushes cannot be held.*serves from emptyDir as before/s,
    );
    assert.equal(cluster.objects.size, 0);
  });

  it("does not take a mover that never reached the registry for a hold", async () => {
    isOpen = false;
    await assert.rejects(moveImages(fromEmptyDir, options()), /cannot see whether pushes are held/);
    assert.ok(!cluster.writes.includes("POST networkpolicies"));
  });

  it("ends plainly where the pod with the emptyDir goes, and says that what was copied stays", async () => {
    before = (script) => {
      if (cluster.hold && script.includes("command -v nc")) pods = [registryPod("another")];
    };
    await assert.rejects(
      moveImages(fromEmptyDir, options()),
      /pods were replaced.*stays there, and the next up goes on/s,
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

  it("leaves a target alone that has images of its own", async () => {
    target.push("other/things", "1");
    const there = target.files();
    await assert.rejects(moveImages(fromEmptyDir, options()), /not empty.*no copy of this store/s);
    assert.deepEqual(target.files(), there);
    assert.ok(!cluster.writes.includes("POST networkpolicies"));
  });

  it("ends before anything is held where there is no room", async () => {
    free = 1024;
    await assert.rejects(
      moveImages(fromEmptyDir, options()),
      /need \d\.\d KiB more, and the target has 1\.0 KiB free/,
    );
    assert.ok(!cluster.writes.includes("POST networkpolicies"));
  });

  describe("whose program was killed", () => {
    const steps: [string, (seen: { request: string; script: string }) => boolean][] = [
      ["before the mover is made", ({ request }) => request.startsWith("POST") && request.endsWith("/jobs")],
      ["when the target is taken", ({ script }) => script.includes(marker)],
      ["in the first pass", ({ script }) => script.includes("tar -")],
      [
        "before the hold",
        ({ request }) => request.startsWith("POST") && request.endsWith("/networkpolicies"),
      ],
      ["once pushes are held", ({ script }) => !!cluster.hold && script.includes("proc/net")],
      ["in the last pass", ({ script }) => !!cluster.hold && script.includes("repositories")],
      ["before the hold is kept", ({ request }) => request.startsWith("PATCH")],
      [
        "before the mover goes",
        ({ request }) => request.startsWith("DELETE") && request.endsWith("/image-registry-mover"),
      ],
    ];
    it("at any step has harmed nothing, and the next one goes on, also when that is killed a step later", async () => {
      for (const [when, isThen] of steps) {
        let isDead = false;
        cluster.isDead = (request) => (isDead ||= isThen({ request, script: "" }));
        before = (script) => {
          if ((isDead ||= isThen({ request: "", script }))) throw new Error("killed");
        };
        source.push("shop/cart", when);
        const images = source.files();
        await assert.rejects(moveImages(fromEmptyDir, options()));
        assert.ok(isDead, when);
        assert.deepEqual(source.files(), images, when);
        // The registry serves from the old store; one that pushes wait for is the mover's, or the stores are the same.
        const { hold } = cluster;
        if (hold && !hold.metadata?.ownerReferences) assert.deepEqual(target.files(), images, when);
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
    const { client, readPods } = options();
    const served = new FakePodShell("the new pod", { "/registry": target }, () => true);
    await finishMove("image-registry", { client, readPods, shellIn: () => served });
    assert.ok(!existsSync(path.join(target.root, marker)));
    assert.equal(cluster.hold, undefined);
    writeFileSync(path.join(target.root, "of-the-users"), "");
    await assert.rejects(moveImages(fromEmptyDir, options()), /not empty/);
  });
});
