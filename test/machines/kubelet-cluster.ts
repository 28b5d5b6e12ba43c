import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";

import { CoreV1Api, KubeConfig, type V1Pod } from "@kubernetes/client-node";

import { startControlPlane, type ControlPlane } from "../../sandbox/control-plane";
import { findEngine, Stacks } from "../../sandbox/engine";
import type { MachineNetwork } from "../../sandbox/machines";
import { joinCluster, kubeletNode } from "../../sandbox/node";
import { sleep } from "../../sandbox/wait";
import { Objects } from "../acceptance/program/objects";
import type { StackRun } from "../support/engine";
import { clientNetworks, must, onMachines } from "./nfs-machines";
import { registryImage } from "./registry-image";
import { installRegistry } from "./registry-machines";

export const namespace = "image-registry";
const image = "docker.io/library/registry:3";
export const exported = "/srv/standalone";

/** A cluster without a registry's operator, whose one real node is the machine `client`. */
export interface KubeletCluster {
  readonly machines: MachineNetwork;
  readonly cluster: ControlPlane;
  readonly api: CoreV1Api;
  /** The whole program: the NFS server, its export, volume and claim, and the registry on them. */
  readonly stack: (change?: Record<string, unknown>) => StackRun;
  /** The registry's pod once it is ready, which is not the former one. */
  readonly readyPod: (former?: V1Pod) => Promise<V1Pod>;
}

/** Such a cluster for the tests of this describe; where there can be none its tests are skipped, with the reason. */
export function onKubelet(context: Mocha.Suite): () => KubeletCluster {
  const machines = onMachines(context, "server", "client");
  let cluster: ControlPlane | undefined;
  let made: KubeletCluster | undefined;

  before("the client becomes the node of a cluster without a registry's operator", async () => {
    const { client } = machines();
    const directory = mkdtempSync(path.join(tmpdir(), "kubelet-cluster-"));
    cluster = await startControlPlane({ directory, infraNodes: 0, log: console.error });
    const stacks = new Stacks(
      await findEngine(path.join(directory, "plugins"), { log: console.error }),
      directory,
    );
    const config = new KubeConfig();
    config.loadFromFile(cluster.kubeconfig);
    const api = config.makeApiClient(CoreV1Api);
    await joinCluster(client, cluster, { images: { [image]: await registryImage() }, log: console.error });
    await installRegistry(client); // for its client
    made = {
      machines: machines(),
      cluster,
      api,
      stack: (change) => stackRun(machines(), cluster!, stacks, change),
      readyPod: (former) => readyPod(api, former),
    };
  });
  after(async () => {
    if (!cluster) return; // skipped
    await cluster.stop();
    rmSync(cluster.directory, { recursive: true });
    await machines().client.reset();
    await must(machines().server, `rm -rf ${exported}`);
  });
  return () => made ?? assert.fail("there is no cluster");
}

function stackRun(
  { server }: MachineNetwork,
  { kubeconfig, context }: ControlPlane,
  stacks: Stacks,
  change: Record<string, unknown> = {},
): StackRun {
  const { host: address, port, hostKey, privateKey } = server.ssh;
  const host = { address, port, hostKey, clients: clientNetworks, uid: 5000, gid: 5000 };
  const overlay = {
    kubeconfig,
    context,
    backend: "nfs",
    nfs: { server: server.networkAddress, path: exported, size: "1Gi", host },
    sshPrivateKey: privateKey,
    standalone: { namespace, image },
    placement: { infra: true, nodeSelector: { "kubernetes.io/hostname": kubeletNode }, tolerations: [] },
    timeoutSeconds: 600,
    ...change,
  };
  const secrets = () => new Objects(namespace).connect(kubeconfig).secrets();
  return { stacks, stack: "standalone", overlay, secrets };
}

async function readyPod(api: CoreV1Api, former?: V1Pod): Promise<V1Pod> {
  const deadline = Date.now() + 600_000;
  for (;;) {
    const { items } = await api.listNamespacedPod({
      namespace,
      labelSelector: "app.kubernetes.io/name=image-registry",
    });
    const ready = items.find(
      ({ metadata, status }) =>
        metadata?.uid !== former?.metadata?.uid &&
        !metadata?.deletionTimestamp &&
        status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True"),
    );
    if (ready) return ready;
    if (Date.now() > deadline) {
      const events = (await api.listNamespacedEvent({ namespace })).items.map(({ message }) => message);
      assert.fail(
        `no pod is ready: ${JSON.stringify(items.map(({ status }) => status))}\n${events.join("\n")}`,
      );
    }
    await sleep(200);
  }
}
