import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";

import { CoreV1Api, type V1Pod } from "@kubernetes/client-node";

import { connect } from "../../../sandbox/connect";
import { isReady } from "../../../kubernetes/pods";
import { until } from "../../../kubernetes/until";
import { type ControlPlane, startControlPlane } from "../../../sandbox/control-plane";
import { kubeletNode } from "../../../sandbox/control-plane/certificates";
import { findEngine, Stacks } from "../../../sandbox/engine";
import { startNode } from "../../../sandbox/node/here";
import { buildRegistry } from "../../../sandbox/registry";
import { StackUser } from "../../acceptance/program/stack-user";
import type { StackRun } from "../../support/engine";
import { registryImage } from "../registry-image";

export const namespace = "image-registry";
const image = "docker.io/library/registry:3";

/** A cluster whose one node is this machine, with a user of the rights of access/, for files that run in namespaces, with which all of it ends. */
export class KubeletCluster {
  private constructor(
    readonly directory: string,
    readonly controlPlane: ControlPlane,
    readonly api: CoreV1Api,
    /** The folder of crane, a registry's client. */
    readonly programs: string,
    private readonly stacks: Stacks,
    private readonly own: Readonly<Record<string, string>>,
  ) {}

  static async start(): Promise<KubeletCluster> {
    const directory = mkdtempSync(path.join(tmpdir(), "kubelet-"));
    chmodSync(directory, 0o755); // the registry's user goes through it to its volume
    const log = console.error;
    const controlPlane = await startControlPlane({ directory, infraNodes: 0, log });
    const stacks = new Stacks(await findEngine(path.join(directory, "plugins"), { log }), directory);
    await startNode(controlPlane, { images: { [image]: await registryImage() }, log });
    const config = connect(controlPlane.kubeconfig);
    const user = new StackUser(controlPlane, namespace);
    await user.give("standalone.yaml");
    await user.give("copy-images-standalone.yaml");
    const own = await user.configuration();
    const programs = await buildRegistry({ log });
    return new KubeletCluster(
      directory,
      controlPlane,
      config.makeApiClient(CoreV1Api),
      programs,
      stacks,
      own,
    );
  }

  overlay(change: Readonly<Record<string, unknown>>): Record<string, unknown> {
    return {
      ...this.own,
      standalone: { namespace, image },
      placement: { infra: true, nodeSelector: { "kubernetes.io/hostname": kubeletNode }, tolerations: [] },
      timeoutSeconds: 300,
      nfs: undefined,
      sshPrivateKey: undefined,
      ...change,
    };
  }

  stack(change: Readonly<Record<string, unknown>>): StackRun {
    return {
      stacks: this.stacks,
      stack: "standalone",
      overlay: this.overlay(change),
      secrets: () => Promise.resolve({}),
    };
  }

  /** A claim on a folder of this machine, whose kernel need not know NFS; returns the folder. */
  async claim(name: string): Promise<string> {
    const folder = path.join(this.directory, "volumes", name);
    mkdirSync(folder, { recursive: true });
    chmodSync(folder, 0o777);
    const common = { accessModes: ["ReadWriteMany"], storageClassName: "" };
    const size = { storage: "10Gi" };
    await this.api.createPersistentVolume({
      body: {
        metadata: { name },
        spec: { ...common, capacity: size, hostPath: { path: folder }, claimRef: { namespace, name } },
      },
    });
    await this.api.createNamespacedPersistentVolumeClaim({
      namespace,
      body: { metadata: { name }, spec: { ...common, volumeName: name, resources: { requests: size } } },
    });
    return folder;
  }

  /** The registry's pod once it is ready, which is not the former one. */
  readyPod(former?: V1Pod): Promise<V1Pod> {
    const labelSelector = "app.kubernetes.io/name=image-registry";
    return until(
      async () => {
        const { items } = await this.api.listNamespacedPod({ namespace, labelSelector });
        return items.find(
          (pod) =>
            pod.metadata?.uid !== former?.metadata?.uid && !pod.metadata?.deletionTimestamp && isReady(pod),
        );
      },
      { seconds: 300, otherwise: () => new Error("no pod of the registry is ready") },
    );
  }

  /** What a script prints, of bash, that has to succeed; `crane` is in its PATH. */
  must(script: string): string {
    const { status, stdout, stderr } = this.run(script);
    if (status !== 0) assert.fail(`${script}\n${stdout}${stderr}`);
    return stdout.trim();
  }

  run(script: string) {
    return spawnSync("bash", ["-c", script], { encoding: "utf8", env: this.environment });
  }

  get environment(): NodeJS.ProcessEnv {
    return { ...process.env, PATH: `${this.programs}:${process.env["PATH"]}` };
  }
}
