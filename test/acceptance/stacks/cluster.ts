import assert from "node:assert/strict";
import * as path from "node:path";
import { ApiException } from "@kubernetes/client-node";
import { connect } from "../../../sandbox/connect";
import type { Storage } from "../../../backends/backend";
import { storageInUse, storeKeysIn } from "../../../backends/stores";
import { infraLabel } from "../../../kubernetes/nodes";
import { eligibleNodes } from "../../../kubernetes/scheduling/node";
import { owningStackName } from "../../../platforms/owning-stack";
import { registryNamespace } from "../../../platforms/operator/registry";
import type { ControlPlane } from "../../../sandbox/control-plane";
import { startSandbox } from "../../../sandbox/start";
import { TestCluster, until } from "../program/harness";
import { type Kind, type Live, Objects } from "../program/objects";
import { given, nfsServer, ownClaim, standaloneNamespace, suiteClaim } from "./settings";

/** In seconds: pods of a real cluster take their time to go. */
const patience = given === undefined ? 60 : 300;

const credentials = "image-registry-private-configuration-user";

/** What stands on the cluster before the suite and is changed by it. */
type Found = { [K in "Config" | "ImagePruner" | "Secret"]?: Live<K> };

/** The sandbox, or the cluster of IMAGE_REGISTRY_TEST_KUBECONFIG, which is left as it was found. */
export class StacksCluster extends TestCluster {
  /** The objects of the standalone stack. */
  readonly standalone = new Objects(standaloneNamespace);
  private found: Found | undefined;

  constructor() {
    super(registryNamespace, [
      "Config",
      "ConfigMap",
      "ImagePruner",
      "Deployment",
      "PersistentVolumeClaim",
      "Secret",
    ]);
  }

  override async start(): Promise<void> {
    await super.start(given === undefined ? startSandbox : theGivenCluster(given));
    this.standalone.connect(this.controlPlane.kubeconfig);
    await this.assertNobodyUsesIt();
    this.found = {
      Config: await this.get("Config", "cluster"),
      ImagePruner: await this.get("ImagePruner", "cluster"),
      Secret: await this.get("Secret", credentials),
    };
  }

  override async stop(): Promise<void> {
    try {
      if (given !== undefined && this.found) await this.fresh();
    } finally {
      await super.stop();
    }
  }

  override stack(...[name, overlay]: Parameters<TestCluster["stack"]>) {
    return super.stack(name, { timeoutSeconds: given === undefined ? 60 : 600, ...overlay });
  }

  override async secrets(): Promise<Record<string, string>> {
    return { ...(await super.secrets()), ...(await this.standalone.secrets()) };
  }

  /** The suite takes the registry down again and again: it begins with one that is down, and nobody's. */
  private async assertNobodyUsesIt(): Promise<void> {
    const config = await this.get("Config", "cluster");
    assert.ok(
      config,
      "the cluster has no registry operator: configs.imageregistry.operator.openshift.io/cluster",
    );
    const state = config.spec.managementState;
    assert.equal(
      state,
      "Removed",
      `managementState is ${state}; set it to Removed, if no image will be missed`,
    );
    const owner = await this.get("ConfigMap", owningStackName);
    assert.equal(
      owner,
      undefined,
      `the registry belongs to stack ${owner?.data?.["stack"]}: destroy that one`,
    );
  }

  /** Brings the registry back to what the suite found, and takes away all that the suite made. */
  override async fresh(): Promise<void> {
    this.forgetStacks();
    await this.delete("ConfigMap", owningStackName);
    const isDown = async () => {
      if (!(await this.putBack("Config", "cluster"))) return false;
      return !(await this.get("Deployment", "image-registry")) && (await this.pods()).length === 0;
    };
    await until("the registry is down", isDown, patience);
    await until("the pruner is as before", () => this.putBack("ImagePruner", "cluster"));
    await until("the keys are as before", () => this.putBack("Secret", credentials));
    await this.standalone.delete("Namespace", standaloneNamespace);
    const made: [Kind, string][] = [];
    for (const name of [suiteClaim, ownClaim]) {
      made.push(["PersistentVolumeClaim", name], ["PersistentVolume", name]);
    }
    for (const [kind, name] of made) await this.delete(kind, name);
    const isGone = async () => {
      const left = await Promise.all(made.map(([kind, name]) => this.get(kind, name)));
      const namespace = await this.standalone.get("Namespace", standaloneNamespace);
      return [...left, namespace].every((object) => object === undefined);
    };
    await until("what the suite made is gone", isGone, patience);
  }

  /** With its field managers, so that nobody owns more than before; false when somebody wrote to it meanwhile. */
  private async putBack(kind: keyof Found, name: string): Promise<boolean> {
    const [before, now] = [this.found?.[kind], await this.get(kind, name)];
    if (now && !before) await this.delete(kind, name);
    if (!before) return true;
    const { namespace, annotations, labels, managedFields } = before.metadata;
    if (!now) {
      await this.create(kind, name, { ...before, metadata: { name, namespace, annotations, labels } });
      return true;
    }
    try {
      await this.replace({ ...before, metadata: { ...now.metadata, annotations, labels, managedFields } });
      return true;
    } catch (error) {
      if (error instanceof ApiException && error.code === 409) return false;
      throw error;
    }
  }

  /** A claim that the stack did not make. */
  async makeOwnClaim(): Promise<void> {
    const shared = { accessModes: ["ReadWriteMany"], storageClassName: "" };
    const capacity = { storage: "10Gi" };
    await this.create("PersistentVolume", ownClaim, {
      spec: { ...shared, capacity, persistentVolumeReclaimPolicy: "Retain", nfs: nfsServer },
    });
    await this.create("PersistentVolumeClaim", ownClaim, {
      spec: { ...shared, volumeName: ownClaim, resources: { requests: capacity } },
    });
  }

  /** Where prod can go: two replicas on infra nodes, unless the cluster has too few for that. */
  async placement(): Promise<{ replicas: number; placement: { infra?: boolean } }> {
    const nodes = await this.list("Node");
    const tolerations = [{ key: infraLabel, operator: "Exists" as const }];
    const infra = eligibleNodes(nodes, { nodeSelector: { [infraLabel]: "" }, tolerations }).length;
    if (infra >= 2) return { replicas: 2, placement: { infra: true } };
    console.error(`      ${infra} nodes have the role infra: prod runs without placement`);
    const any = eligibleNodes(nodes, { nodeSelector: {}, tolerations: [] }).length;
    return { replicas: Math.min(any, 2), placement: {} };
  }

  /** The backends that the Config has, and the storage that the pods use. */
  async storage(): Promise<{ backends: string[]; inUse: Storage | undefined }> {
    const deployment = await this.get("Deployment", "image-registry");
    return { backends: storeKeysIn((await this.config()).spec.storage), inUse: storageInUse(deployment) };
  }
}

function theGivenCluster(kubeconfig: string) {
  return ({ directory }: { directory: string }): Promise<ControlPlane> => {
    const config = connect(kubeconfig);
    return Promise.resolve({
      kubeconfig: path.resolve(kubeconfig),
      context: config.getCurrentContext() as ControlPlane["context"],
      directory,
      binaries: "",
      auditLog: "",
      stop: () => Promise.resolve(),
      restartApiServer: () => Promise.reject(new Error("not on a cluster that is somebody's")),
    });
  };
}
