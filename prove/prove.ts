import type { V1Pod } from "@kubernetes/client-node";
import { describeStorage, storageInUse } from "../backends/stores";
import type { Configuration } from "../config/schema";
import { UserError } from "../errors";
import { ClusterClient } from "../kubernetes/client";
import type { ClusterConnection } from "../kubernetes/kubeconfig";
import { nameOf } from "../kubernetes/scheduling/pod";
import { platforms } from "../platforms";
import type { RegistryPlan } from "../platforms/plan";
import type { Platform } from "../platforms/platform";
import { clear } from "./clear";
import { proofImage } from "./image";
import { replaced, runningPods } from "./pods";
import { Problem, type ProblemKind } from "./problem";
import { RegistryClient } from "./registry-client";
import { accessTo, type ProofOptions, type ProofRegistry, registryOf } from "./registry";

/** What a proof saw. */
export interface Proof {
  readonly context: string;
  /** Whether what was pushed came back, also after a pod of the registry was gone. */
  readonly keeps: boolean;
  readonly storage: string;
  /** repository@digest of what was pushed. */
  readonly image: string;
  /** In their order, as far as it came. */
  readonly steps: readonly Step[];
  readonly problem?: { readonly kind: ProblemKind; readonly message: string };
  /** What is there but could not be read, and why. */
  readonly unread: readonly string[];
  /** What stays in the store or on the cluster. */
  readonly leftBehind: readonly string[];
}

export interface Step {
  readonly did: string;
  readonly seconds: number;
}

/**
 * Pushes a small image, reads it back from every pod, deletes a pod, waits for another, and reads it back again. Calls
 * `progress` with what it does next. What is wrong with the registry is in the proof, and no error.
 */
export async function prove(
  config: Configuration,
  progress: (line: string) => void,
  options: ProofOptions = {},
): Promise<Proof> {
  return new Trial(config, progress, options).proof();
}

class Trial {
  private readonly connection: ClusterConnection;
  private readonly client: ClusterClient;
  private readonly platform: Platform;
  private readonly plan: RegistryPlan;
  private readonly registry: ProofRegistry;
  private readonly image = proofImage();
  private readonly steps: Step[] = [];
  private readonly unread = new Set<string>();
  private storage = "none";
  private leftBehind: readonly string[] = [];

  constructor(
    private readonly config: Configuration,
    private readonly progress: (line: string) => void,
    private readonly options: ProofOptions,
  ) {
    this.connection = { kubeconfig: config.kubeconfig, context: config.context };
    this.client = new ClusterClient(this.connection);
    this.platform = platforms[config.platform];
    this.plan = this.platform.plan(config);
    this.registry = registryOf(config.platform, this.plan.namespace);
  }

  async proof(): Promise<Proof> {
    const problem = await this.run().then(() => undefined, problemIn);
    return {
      context: this.config.context,
      keeps: problem === undefined,
      storage: this.storage,
      image: `${this.registry.repository}@${this.image.manifest.digest}`,
      steps: this.steps,
      ...(problem && { problem: { kind: problem.kind, message: problem.message } }),
      unread: [...this.unread],
      leftBehind: this.leftBehind,
    };
  }

  private async run(): Promise<void> {
    const { platform, client, plan, image } = this;
    const { managementState } = plan;
    if (managementState !== "Managed")
      throw new Problem("not asked for", `managementState is ${managementState}: there is nothing to try`);
    const { deployment, pods } = await platform.readRollout(client, plan);
    const inUse = storageInUse(deployment);
    this.storage = describeStorage(inUse ?? {});
    const access = await accessTo(this.connection, this.registry, deployment, this.options);
    const clientOf = (pod: V1Pod) => new RegistryClient(access(pod), this.registry.repository);
    const readBack = (from: readonly V1Pod[]) =>
      this.step(`read it back from ${from.map(nameOf).join(", ")}`, async () => {
        for (const pod of from)
          for (const one of await clientOf(pod).assertHolds(image, nameOf(pod))) this.unread.add(one);
      });

    const running = runningPods(pods);
    const [first] = running;
    await this.step(`push to pod ${nameOf(first)}`, () => this.push(clientOf(first)));
    let reached = first;
    try {
      await readBack(running);
      if (inUse?.emptyDir) throw new Problem("emptyDir", emptyDirText(nameOf(first)));
      const after = await this.step(`delete pod ${nameOf(first)} and wait for another`, async () => {
        await client.delete({ ...first, apiVersion: "v1", kind: "Pod" });
        return replaced(client, platform, plan, first, this.config.timeoutSeconds);
      });
      reached = after[0];
      await readBack(after);
    } finally {
      this.leftBehind = await clear(client, this.registry, clientOf(reached), image);
    }
  }

  private async push(registry: RegistryClient): Promise<void> {
    try {
      await registry.push(this.image, this.registry.tag);
    } catch (error) {
      if (registry.hasBegun)
        this.leftBehind = ["an upload that was cut, which the registry purges after a week"];
      throw error;
    }
  }

  private async step<T>(did: string, work: () => Promise<T>): Promise<T> {
    this.progress(did);
    const begun = performance.now();
    const result = await work();
    this.steps.push({ did, seconds: Math.round((performance.now() - begun) / 100) / 10 });
    return result;
  }
}

function emptyDirText(pod: string): string {
  return (
    `the registry takes images and gives them back, but keeps them in the emptyDir of pod ${pod}: they go with it, so it was ` +
    `not deleted; set backend to nfs, pvc or s3 for images that stay`
  );
}

function problemIn(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof UserError) return new Problem("unreachable", error.message);
  throw error;
}
