import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Watch } from "@kubernetes/client-node";
import type { PulumiFn } from "@pulumi/pulumi/automation";
import { owningStackName } from "../../../platforms/owning-stack";
import type { RegistryConfig } from "../../../platforms/operator/registry";
import type { ControlPlane } from "../../../sandbox/control-plane";
import { type Engine, findEngine, type SecretsProvider, Stacks } from "../../../sandbox/engine";
import { recordedProcesses } from "../../../sandbox/process";
import { startSandbox } from "../../../sandbox/start";
import type { StackRun } from "../../support/engine";
import { startVault } from "../../support/vault";
import { type Kind, type Live, Objects, operatorApi } from "./objects";

type StackName = "dev" | "prod" | "standalone";
type Start = (options: { directory: string }) => Promise<ControlPlane>;

/** What the operator's pods carry, and those of a standalone registry. */
const podLabels = ["docker-registry", "image-registry/revision"];

/** A sandbox for the tests of this suite: started before them, stopped after them. */
export function testCluster(start: Start = startSandbox, cluster = new TestCluster()): TestCluster {
  before("starts a sandbox", function () {
    this.timeout("30m"); // the first one builds
    return cluster.start(start);
  });
  after("stops it", () => cluster.stop());
  return cluster;
}

/** A sandbox with the project's stacks, and its cluster in the hands of everybody but them. */
export class TestCluster extends Objects {
  controlPlane!: ControlPlane;
  private engine!: Engine;
  private vault!: SecretsProvider;

  constructor(
    namespace = "openshift-image-registry",
    /** What the program may touch, but for nodes, which the node controller writes to as it likes. */
    private readonly kinds: readonly Kind[] = [
      "Config",
      "ConfigMap",
      "ImagePruner",
      "Deployment",
      "PersistentVolume",
      "PersistentVolumeClaim",
      "Pod",
    ],
  ) {
    super(namespace);
  }

  async start(start: Start): Promise<void> {
    const directory = mkdtempSync(path.join(tmpdir(), "image-registry-test-"));
    process.once("exit", () => rmSync(directory, { recursive: true, force: true, maxRetries: 5 }));
    this.controlPlane = await start({ directory });
    this.connect(this.controlPlane.kubeconfig);
    this.engine = await findEngine(path.join(directory, "plugins"), { log: console.error });
    this.vault = await startVault();
  }

  async stop(): Promise<void> {
    const started = this.controlPlane as ControlPlane | undefined;
    if (!started) return;
    await started.stop();
    rmSync(started.directory, { recursive: true });
  }

  /** Where the engine keeps what the stacks remember. */
  private get stateFolder(): string {
    return path.join(this.controlPlane.directory, "stacks");
  }

  /** One of the project's stacks on this cluster, its configuration changed as told; with another program if given. */
  stack(name: StackName, overlay: Record<string, unknown> = {}, program?: PulumiFn): StackRun {
    const { kubeconfig, context } = this.controlPlane;
    return {
      stacks: new Stacks(this.engine, this.stateFolder, program, this.vault),
      stack: name,
      overlay: { kubeconfig, context, timeoutSeconds: 60, ...overlay },
      secrets: () => this.secrets(),
    };
  }

  /** What Secrets of the namespace hold, and the Config. */
  override async secrets(): Promise<Record<string, string>> {
    const { httpSecret } = (await this.get("Config", "cluster").catch(noSuchKind))?.spec ?? {};
    return { ...(await super.secrets()), ...(httpSecret && { "the Config's httpSecret": httpSecret }) };
  }

  /** SIGSTOP holds one of the cluster's programs, SIGCONT lets it go on. */
  signal(program: string, signal: "SIGSTOP" | "SIGCONT"): void {
    const running = recordedProcesses(this.controlPlane.directory).find(({ name }) => name === program)!;
    process.kill(running.pid, signal);
  }

  /** Loses what the stacks remember, as a new checkout with a new state would. */
  forgetStacks(): void {
    rmSync(this.stateFolder, { recursive: true, force: true });
  }

  /** Brings the cluster back to the moment its installation ended. */
  async fresh(): Promise<void> {
    this.forgetStacks();
    await until("the operator has made its objects", () => this.hasOperatorObjects());
    const former = (await this.config()).metadata.uid;
    await this.patch("Config", "cluster", { spec: { managementState: "Removed", storage: null } });
    for (const kind of ["Config", "ImagePruner"] as const) await this.delete(kind, "cluster");
    await until("the registry is gone", async () => {
      return !(await this.get("Deployment", "image-registry")) && (await this.registryPods()).length === 0;
    });
    if (await this.get("ConfigMap", owningStackName)) await this.delete("ConfigMap", owningStackName);
    for (const kind of ["PersistentVolumeClaim", "PersistentVolume"] as const) {
      for (const { metadata } of await this.list(kind)) await this.delete(kind, metadata.name);
    }
    for (const { metadata } of await this.list("Node")) await this.cordon(metadata.name, null);
    await until("the volumes are gone, and the operator has made its objects anew", async () => {
      const lists = [await this.list("PersistentVolumeClaim"), await this.list("PersistentVolume")];
      return lists.flat().length === 0 && (await this.hasOperatorObjects(former));
    });
  }

  /** Whether the operator has made Config (not the former one) and ImagePruner, and looked at both. */
  private async hasOperatorObjects(former?: string): Promise<boolean> {
    const objects = [await this.get("Config", "cluster"), await this.get("ImagePruner", "cluster")];
    const isDone = (object?: (typeof objects)[number]) =>
      object?.status?.observedGeneration !== undefined && object.metadata.uid !== former;
    return objects.every(isDone);
  }

  async cordon(node: string, unschedulable: true | null = true): Promise<void> {
    await this.patch("Node", node, { spec: { unschedulable } });
  }

  async config(): Promise<Live<"Config">> {
    return (await this.get("Config", "cluster"))!;
  }

  /** The registry's pods that are not on their way out. */
  async pods(): Promise<Live<"Pod">[]> {
    return (await this.registryPods()).filter(({ metadata }) => !metadata.deletionTimestamp);
  }

  private async registryPods(): Promise<Live<"Pod">[]> {
    return (await this.list("Pod")).filter(({ metadata }) =>
      podLabels.some((label) => metadata.labels?.[label]),
    );
  }

  /** Of all that the program may touch, what changes with any write to it but those to its status. */
  async versions(): Promise<Record<string, string>> {
    const versions: Record<string, string> = {};
    for (const kind of this.kinds) {
      for (const { metadata } of await this.list(kind)) {
        // Every namespace gets this one from the controller manager, when it has the time.
        if (metadata.name === "kube-root-ca.crt") continue;
        const { resourceVersion, generation, annotations, labels, deletionTimestamp } = metadata;
        versions[`${kind} ${metadata.name}`] =
          generation === undefined
            ? resourceVersion!
            : JSON.stringify([metadata.uid, generation, annotations, labels, deletionTimestamp]);
      }
    }
    return versions;
  }

  /** The versions once the controllers have written all they had to write. */
  async settledVersions(): Promise<Record<string, string>> {
    let last = "";
    let since = Date.now();
    await until("nobody writes to the registry's objects", async () => {
      const now = JSON.stringify(await this.versions());
      if (now !== last) since = Date.now();
      last = now;
      return Date.now() - since > 1500;
    });
    return JSON.parse(last) as Record<string, string>;
  }

  /** Records every version that the Config goes through from now on; `seen` ends the recording with the live one. */
  async watchConfig(): Promise<{ seen: () => Promise<RegistryConfig[]> }> {
    const first = await this.config();
    const seen: RegistryConfig[] = [first];
    const watching = await new Watch(this.kubeconfig).watch(
      `/apis/${operatorApi}/configs`,
      { resourceVersion: first.metadata.resourceVersion },
      (_phase, object: RegistryConfig) => seen.push(object),
      () => undefined,
    );
    return {
      seen: async () => {
        const { resourceVersion } = (await this.config()).metadata;
        await until("the watch has told the last version", () =>
          seen.some(({ metadata }) => metadata?.resourceVersion === resourceVersion),
        );
        watching.abort();
        return seen;
      },
    };
  }
}

// On a cluster that the operator's CRDs were not installed on.
function noSuchKind(): undefined {
  return undefined;
}

/** Asks again and again; what never comes true fails the test. */
export async function until(
  what: string,
  test: () => Promise<boolean> | boolean,
  seconds = 60,
): Promise<void> {
  const deadline = Date.now() + seconds * 1000;
  while (!(await test())) {
    if (Date.now() > deadline) throw new Error(`waited ${seconds} s in vain until ${what}`);
    await sleep(250);
  }
}
