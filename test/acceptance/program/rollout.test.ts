import assert from "node:assert/strict";
import { changes, failure, type StackRun, up } from "../../support/engine";
import { testCluster, until } from "./harness";
import { acceptImageLoss, besideNobody, foundWarnings, nfs, nfsClaim } from "./runs";
import type { Live } from "./objects";

const infra = { placement: { infra: true } };

describe("the pods of a live registry", function () {
  this.timeout("2m");
  const cluster = testCluster();

  it("that find no room fail the up with the scheduler's own message, and the next one too", async () => {
    const run = cluster.stack("dev", { timeoutSeconds: 5, registry: { affinity: besideNobody } });
    const message =
      /did not converge within 5 s[^]*pod image-registry-\S+ \(Pending\): Unschedulable: .*didn't match pod affinity rules/;

    assert.match((await failure(up(run))).message, message);
    assert.match(
      await foundWarnings(run),
      /has not converged[^]*\(Pending\): Unschedulable: .*didn't match pod affinity rules/,
    );
    const again = await failure(up(run));
    assert.match(again.message, message);
    assert.deepEqual(changes(again.result), []);
  });

  describe("serve what was asked at the moment an up ends", () => {
    it("that brings the registry up", async () => {
      const [pod] = await serving(cluster.stack("dev"), 1);
      assert.equal(storage(pod), "emptyDir");
    });

    it("that switches the storage, and changes the number of replicas", async () => {
      const pods = await serving(cluster.stack("dev", { ...nfs, replicas: 2, acceptImageLoss }), 2);
      assert.deepEqual(pods.map(storage), [nfsClaim, nfsClaim]);
      assert.equal(new Set(pods.map(node)).size, 2, "one pod a node");
    });

    it("that moves them to infra nodes", async () => {
      const pods = await serving(cluster.stack("dev", { ...nfs, ...infra, replicas: 2 }), 2);
      assert.deepEqual(pods.map(node).sort(), ["infra-0", "infra-1"]);
    });

    it("that moves them back, and makes them fewer", async () => {
      const pods = await serving(cluster.stack("dev", nfs), 1);
      assert.match(pods.map(node).join(), /^worker-[01]$/);
    });

    it("that changes the log level, and makes it read-only", async () => {
      const registry = { logLevel: "Debug", readOnly: true };
      const [pod] = await serving(cluster.stack("dev", { ...nfs, registry }), 1);
      assert.equal(environment(pod, "REGISTRY_LOG_LEVEL"), "debug");
      assert.equal(environment(pod, "REGISTRY_STORAGE_MAINTENANCE_READONLY"), "{enabled: true}");
    });

    it("that meets green conditions before the rollout has begun", async () => {
      const lines: string[] = [];
      const run = cluster.stack("dev", { ...nfs, registry: { readOnly: false } });
      let ended = false;
      // Without it nobody acts on a changed Deployment, so that what lasts milliseconds lasts.
      cluster.signal("kube-controller-manager", "SIGSTOP");
      const up = serving({ ...run, log: (line) => lines.push(line) }, 1).finally(() => (ended = true));
      try {
        await until("the operator reports green on a Deployment not rolled out", async () => {
          return ended || ((await isGreen()) && !(await isObserved()));
        });
        await until(
          "the up has seen it",
          () => ended || lines.some((line) => line.includes("has not begun")),
        );
        assert.equal(ended, false);
      } finally {
        cluster.signal("kube-controller-manager", "SIGCONT");
      }
      const [pod] = await up;
      assert.equal(environment(pod, "REGISTRY_STORAGE_MAINTENANCE_READONLY"), undefined);
      assert.equal(environment(pod, "REGISTRY_LOG_LEVEL"), "info");
    });

    it("during which the API server goes away and comes back", async function () {
      this.timeout("4m");
      let restart: Promise<void> | undefined;
      const log = (line: string) => {
        if (line.includes("waiting for the registry")) restart ??= cluster.controlPlane.restartApiServer();
      };
      const run = cluster.stack("dev", { ...nfs, registry: { logLevel: "Trace" }, timeoutSeconds: 200 });
      const [pod] = await serving({ ...run, log }, 1);
      assert.notEqual(restart, undefined, "the API server was restarted while the up waited");
      await restart;
      assert.equal(environment(pod, "REGISTRY_LOG_LEVEL"), "debug");
    });
  });

  async function isGreen(): Promise<boolean> {
    const { metadata, status } = await cluster.config();
    const is = (type: string) => status?.conditions?.find((condition) => condition.type === type)?.status;
    const green = is("Available") === "True" && is("Progressing") === "False" && is("Degraded") === "False";
    return green && status?.observedGeneration === metadata.generation;
  }

  async function isObserved(): Promise<boolean> {
    const deployment = await cluster.get("Deployment", "image-registry");
    return deployment?.status?.observedGeneration === deployment?.metadata.generation;
  }

  /** Brings the stack up, and returns the registry's pods: as many as asked, all of them serving. */
  async function serving(run: StackRun, replicas: number): Promise<Live<"Pod">[]> {
    await up(run);
    const [deployment, pods] = await Promise.all([
      cluster.get("Deployment", "image-registry"),
      cluster.pods(),
    ]);
    const { updatedReplicas, availableReplicas, observedGeneration } = deployment?.status ?? {};
    assert.equal(observedGeneration, deployment?.metadata.generation);
    assert.deepEqual([updatedReplicas, availableReplicas], [replicas, replicas]);
    assert.deepEqual(pods.map(isReady), Array<boolean>(replicas).fill(true));
    return pods;
  }
});

function isReady({ status }: Live<"Pod">): boolean {
  return status?.conditions?.find(({ type }) => type === "Ready")?.status === "True";
}

function node(pod: Live<"Pod">): string | undefined {
  return pod.spec?.nodeName;
}

/** What the images are kept in: emptyDir, or the claim of this name. */
function storage(pod: Live<"Pod"> | undefined): string | undefined {
  const volume = pod?.spec?.volumes?.find(({ name }) => name === "registry-storage");
  return volume?.emptyDir ? "emptyDir" : volume?.persistentVolumeClaim?.claimName;
}

function environment(pod: Live<"Pod"> | undefined, name: string): string | undefined {
  return pod?.spec?.containers[0]?.env?.find((variable) => variable.name === name)?.value;
}
