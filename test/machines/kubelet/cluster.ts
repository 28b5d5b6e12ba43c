import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";

import { AdmissionregistrationV1Api, CoreV1Api, type KubeConfig, type V1Pod } from "@kubernetes/client-node";

import { connect } from "../../../sandbox/connect";
import { isReady } from "../../../kubernetes/pods";
import { until } from "../../../kubernetes/until";
import { type ControlPlane, startControlPlane } from "../../../sandbox/control-plane";
import { installCrds } from "../../../sandbox/crds";
import { layoutOf } from "../../../sandbox/control-plane/layout";
import { startOperator } from "../../../sandbox/operator";
import { registryImage as openshiftImage } from "../../../sandbox/operator/deployment";
import { namespace as operatorNamespace } from "../../../sandbox/operator/model";
import { kubeletNode } from "../../../sandbox/control-plane/certificates";
import { findEngine, Stacks } from "../../../sandbox/engine";
import { startNode } from "../../../sandbox/node/here";
import { buildRegistry } from "../../../sandbox/registry";
import { StackUser } from "../../acceptance/program/stack-user";
import type { StackRun } from "../../support/engine";
import { openshiftRegistryImage, registryImage } from "../registry-image";

export const namespace = "image-registry";
const image = "docker.io/library/registry:3";

/** Whose registry it is: its namespace, how its pods are found, and what its stack says in any case. */
interface Registry {
  readonly namespace: string;
  readonly labelSelector: string;
  readonly stack: string;
  readonly configuration: Readonly<Record<string, unknown>>;
}

/** What all registries of a cluster share. */
interface Shared {
  readonly directory: string;
  readonly controlPlane: ControlPlane;
  readonly config: KubeConfig;
  /** The folder of crane, a registry's client. */
  readonly programs: string;
  readonly stacks: Stacks;
}

let shared: Promise<Shared> | undefined;

/** A cluster whose one node is this machine, with a user of the rights of access/, for files that run in namespaces, with which all of it ends. */
export class KubeletCluster {
  private constructor(
    private readonly shared: Shared,
    private readonly registry: Registry,
  ) {}

  /** With a registry of the stack's own. */
  static async standalone(): Promise<KubeletCluster> {
    const cluster = await (shared ??= start());
    const user = new StackUser(cluster.controlPlane, namespace);
    await user.give("standalone.yaml");
    await user.give("copy-images-standalone.yaml");
    return new KubeletCluster(cluster, {
      namespace,
      labelSelector: "app.kubernetes.io/name=image-registry",
      stack: "standalone",
      configuration: { ...(await user.configuration()), standalone: { namespace, image } },
    });
  }

  /** With OpenShift's CRDs, the stand-in for the registry's operator, and a user that may not copy images yet. */
  static async operator(): Promise<KubeletCluster & { readonly user: StackUser }> {
    const cluster = await (shared ??= start());
    const { controlPlane } = cluster;
    await installCrds(controlPlane.kubeconfig, path.resolve("crds"));
    await startOperator(controlPlane);
    const user = new StackUser(controlPlane, operatorNamespace);
    await user.give("operator.yaml");
    const registry = {
      namespace: operatorNamespace,
      labelSelector: "docker-registry=default",
      stack: "dev",
      configuration: { ...(await user.configuration()), acceptImageLoss: undefined },
    };
    return Object.assign(new KubeletCluster(cluster, registry), { user });
  }

  get directory(): string {
    return this.shared.directory;
  }

  get controlPlane(): ControlPlane {
    return this.shared.controlPlane;
  }

  get api(): CoreV1Api {
    return this.shared.config.makeApiClient(CoreV1Api);
  }

  overlay(change: Readonly<Record<string, unknown>>): Record<string, unknown> {
    return {
      ...this.registry.configuration,
      placement: { infra: true, nodeSelector: { "kubernetes.io/hostname": kubeletNode }, tolerations: [] },
      timeoutSeconds: 300,
      nfs: undefined,
      sshPrivateKey: undefined,
      ...change,
    };
  }

  stack(change: Readonly<Record<string, unknown>>): StackRun {
    return {
      stacks: this.shared.stacks,
      stack: this.registry.stack,
      overlay: this.overlay(change),
      secrets: () => Promise.resolve({}),
    };
  }

  /** A claim, bound to a folder of this machine, whose kernel need not know NFS; returns the folder. */
  async claim(name: string): Promise<string> {
    const folder = path.join(this.directory, "volumes", name);
    mkdirSync(folder, { recursive: true });
    chmodSync(folder, 0o777);
    const common = { accessModes: ["ReadWriteMany"], storageClassName: "" };
    const size = { storage: "10Gi" };
    const { namespace } = this.registry;
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
    const isBound = async () => {
      const { status } = await this.api.readNamespacedPersistentVolumeClaim({ namespace, name });
      return status?.phase === "Bound" || undefined;
    };
    await until(isBound, { seconds: 60, otherwise: () => new Error(`claim ${name} is not bound`) });
    return folder;
  }

  /** From now on the API server refuses a Config with this claim, as a policy of the cluster may. */
  async refuseClaim(claim: string): Promise<void> {
    const api = this.shared.config.makeApiClient(AdmissionregistrationV1Api);
    const metadata = { name: "no-such-claim" };
    const resourceRules = [
      {
        apiGroups: ["imageregistry.operator.openshift.io"],
        apiVersions: ["*"],
        resources: ["configs"],
        operations: ["CREATE", "UPDATE"],
      },
    ];
    // What is only tried is let through: the refusal comes with the write itself.
    const isTried = "has(request.dryRun) && request.dryRun";
    const expression = `${isTried} || object.spec.storage.?pvc.?claim.orValue("") != "${claim}"`;
    await api.createValidatingAdmissionPolicy({
      body: {
        metadata,
        spec: {
          matchConstraints: { resourceRules },
          validations: [{ expression, message: "not this claim" }],
        },
      },
    });
    await api.createValidatingAdmissionPolicyBinding({
      body: { metadata, spec: { policyName: metadata.name, validationActions: ["Deny"] } },
    });
  }

  /** The registry's pod once it is ready, which is not the former one. */
  readyPod(former?: V1Pod): Promise<V1Pod> {
    return until(
      async () => {
        const { items } = await this.api.listNamespacedPod(this.registry);
        return items.find(
          (pod) =>
            pod.metadata?.uid !== former?.metadata?.uid && !pod.metadata?.deletionTimestamp && isReady(pod),
        );
      },
      { seconds: 300, otherwise: () => new Error("no pod of the registry is ready") },
    );
  }

  /** Deletes the registry's pod, and waits until another is ready. */
  async replacePod(): Promise<void> {
    const former = await this.readyPod();
    const { name = "", namespace = "" } = former.metadata ?? {};
    await this.api.deleteNamespacedPod({ name, namespace });
    await this.readyPod(former);
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
    return { ...process.env, PATH: `${this.shared.programs}:${process.env["PATH"]}` };
  }
}

async function start(): Promise<Shared> {
  const directory = mkdtempSync(path.join(tmpdir(), "kubelet-"));
  chmodSync(directory, 0o755); // the registry's user goes through it to its volume
  const log = console.error;
  const controlPlane = await startControlPlane({ directory, infraNodes: 0, isAudited: true, log });
  const stacks = new Stacks(await findEngine(path.join(directory, "plugins"), { log }), directory);
  const { pki } = layoutOf(directory);
  const images = {
    [image]: await registryImage(),
    [openshiftImage]: await openshiftRegistryImage(pki),
  };
  await startNode(controlPlane, { images, log });
  const config = connect(controlPlane.kubeconfig);
  return { directory, controlPlane, config, programs: await buildRegistry({ log }), stacks };
}
