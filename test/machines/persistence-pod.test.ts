import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";

import { CoreV1Api, KubeConfig, type V1Pod } from "@kubernetes/client-node";

import { startControlPlane, type ControlPlane } from "../../sandbox/control-plane";
import { findEngine, Stacks } from "../../sandbox/engine";
import { joinCluster, kubeletNode } from "../../sandbox/node";
import type { ImageContent } from "../../sandbox/oci-image";
import { buildRegistry, registryFiles } from "../../sandbox/registry";
import { sleep } from "../../sandbox/wait";
import { Objects } from "../acceptance/program/objects";
import { destroy, type StackRun, up } from "../support/engine";
import { clientNetworks, must, onMachines } from "./nfs-machines";
import { assertPulls, installRegistry, push, randomImage } from "./registry-machines";

const namespace = "image-registry";
const image = "docker.io/library/registry:3";
const exported = "/srv/standalone";

describe("a standalone registry's pod, on a real kubelet", function () {
  const machines = onMachines(this, "server", "client");
  let cluster: ControlPlane | undefined;
  let api: CoreV1Api;
  let stacks: Stacks;

  before("the client becomes the node of a cluster without a registry's operator", async () => {
    const { client } = machines();
    const directory = mkdtempSync(path.join(tmpdir(), "persistence-pod-"));
    cluster = await startControlPlane({ directory, infraNodes: 0, log: console.error });
    stacks = new Stacks(await findEngine(path.join(directory, "plugins"), { log: console.error }), directory);
    const config = new KubeConfig();
    config.loadFromFile(cluster.kubeconfig);
    api = config.makeApiClient(CoreV1Api);
    await joinCluster(client, cluster, { images: { [image]: await registryImage() }, log: console.error });
    await installRegistry(client); // for its client
  });
  after(async () => {
    if (!cluster) return; // skipped
    await cluster.stop();
    rmSync(cluster.directory, { recursive: true });
    await machines().client.reset();
    await must(machines().server, `rm -rf ${exported}`);
  });

  /** The whole program: the NFS server, its export, volume and claim, and the registry on them. */
  function stack(change: Record<string, unknown> = {}): StackRun {
    const { ssh, networkAddress } = machines().server;
    const { host: address, port, hostKey } = ssh;
    const host = { address, port, hostKey, clients: clientNetworks, uid: 5000, gid: 5000 };
    const { kubeconfig, context } = cluster ?? assert.fail("there is no cluster");
    const overlay = {
      kubeconfig,
      context,
      backend: "nfs",
      nfs: { server: networkAddress, path: exported, size: "1Gi", host },
      sshPrivateKey: ssh.privateKey,
      standalone: { namespace, image },
      placement: { infra: true, nodeSelector: { "kubernetes.io/hostname": kubeletNode }, tolerations: [] },
      timeoutSeconds: 600,
      ...change,
    };
    const secrets = () => new Objects(namespace).connect(kubeconfig).secrets();
    return { stacks, stack: "standalone", overlay, secrets };
  }

  it("serves what was pushed to it from the export, after it was deleted and another came", async () => {
    const { client } = machines();
    await up(stack());
    const pushed = await randomImage([1 << 20, 3 << 20]);
    const first = await readyPod(api);
    await push(client, pushed, `${first.status!.podIP}:5000/shop/cart:1`);

    await api.deleteNamespacedPod({ name: first.metadata!.name!, namespace });
    const second = await readyPod(api, first);
    const mounted = await must(client, "findmnt --noheadings --types nfs4 --output SOURCE,OPTIONS");
    assert.match(mounted, /10\.97\.0\.10:\/srv\/standalone .*vers=4\.2,.*\bhard\b/);
    await assertPulls(client, pushed, `${second.status!.podIP}:5000/shop/cart`);
  });

  it("leaves the images when it is taken down and all that the stack made is destroyed", async () => {
    const { server } = machines();
    const images = `cd ${exported} && find . -type f -exec sha256sum {} + | sort`;
    const before = await must(server, images);
    assert.match(before, /docker\/registry\/v2\/blobs\/sha256/);
    await up(stack({ managementState: "Removed" }));
    await destroy(stack({ managementState: "Removed" }));
    assert.doesNotMatch(await must(server, "exportfs -s"), /\/srv\/standalone/);
    assert.deepEqual((await api.listPersistentVolume()).items, []);
    assert.equal(await must(server, images), before);
  });
});

/** The registry's pod once it is ready, which is not the former one. */
async function readyPod(api: CoreV1Api, former?: V1Pod): Promise<V1Pod> {
  const deadline = Date.now() + 600_000;
  for (;;) {
    const { items } = await api.listNamespacedPod({ namespace });
    const ready = items.find(
      ({ metadata, status }) =>
        metadata?.uid !== former?.metadata?.uid &&
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

/** The published image in little: the same program, at the same place, with the same default configuration. */
async function registryImage(): Promise<ImageContent> {
  const programs = await buildRegistry({ log: console.error });
  const config = "etc/distribution/config.yml";
  return {
    layers: [
      { "bin/registry": path.join(programs, "registry") },
      { [config]: path.join(registryFiles, config) },
    ],
    entrypoint: ["/bin/registry", "serve", `/${config}`],
  };
}
