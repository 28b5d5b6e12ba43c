import assert from "node:assert/strict";
import { startControlPlane } from "../../../../sandbox/control-plane";
import { changes, type RunResult, type StackRun, up } from "../../../support/engine";
import { testCluster, TestCluster, until } from "../harness";
import type { Live } from "../objects";
import { nfs, nfsClaim } from "../runs";

/** The registry's objects, and the namespace of all of them. */
export const name = "image-registry";
export const emptyDir = { backend: "emptyDir", replicas: 1 };
export const removed = { managementState: "Removed" };

/** A control plane without the registry's operator, and stack standalone on it: two replicas on NFS if nothing else is said. */
export class StandaloneCluster extends TestCluster {
  constructor() {
    super(name, [
      "Deployment",
      "Namespace",
      "NetworkPolicy",
      "PersistentVolume",
      "PersistentVolumeClaim",
      "Pod",
      "PodDisruptionBudget",
      "Secret",
      "Service",
    ]);
  }

  asking(overlay: Record<string, unknown> = {}): StackRun {
    return this.stack("standalone", { ...nfs, replicas: 2, acceptImageLoss: "", ...overlay });
  }

  override async fresh(): Promise<void> {
    this.forgetStacks();
    for (const [kind, one] of [
      ["Namespace", name],
      ["PersistentVolume", nfsClaim],
    ] as const) {
      if (await this.get(kind, one)) await this.delete(kind, one);
    }
    await until("namespace and volume are gone", async () => {
      return !(await this.get("Namespace", name)) && !(await this.get("PersistentVolume", nfsClaim));
    });
  }

  /** Brings the stack up: as many pods as asked, all of them serving through the Service. */
  async serving(run: StackRun, replicas: number): Promise<RunResult> {
    const result = await up(run);
    const deployment = await this.get("Deployment", name);
    const { updatedReplicas, availableReplicas, observedGeneration } = deployment?.status ?? {};
    assert.equal(observedGeneration, deployment?.metadata.generation);
    assert.deepEqual([updatedReplicas, availableReplicas], [replicas, replicas]);
    assert.equal((await this.pods()).length, replicas);
    return result;
  }

  async httpSecret(): Promise<string | undefined> {
    return (await this.get("Secret", "image-registry-http"))?.data?.["secret"];
  }
}

/** A cluster for the tests of this suite: started before them, stopped after them. */
export function standaloneCluster(): StandaloneCluster {
  const cluster = new StandaloneCluster();
  testCluster(startControlPlane, cluster);
  return cluster;
}

/** What the images are kept in: emptyDir, or the claim of this name. */
export function storage({ spec }: Live<"Pod">): string | undefined {
  const volume = spec?.volumes?.find((one) => one.name === "registry-storage");
  return volume?.emptyDir ? "emptyDir" : volume?.persistentVolumeClaim?.claimName;
}

export function clusterChanges(result: RunResult): string[] {
  const steps = result.steps.filter(({ type }) => type.startsWith("kubernetes:"));
  return changes({ ...result, steps }).sort();
}
