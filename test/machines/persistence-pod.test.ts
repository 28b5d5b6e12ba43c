import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";

import { AppsV1Api, CoreV1Api, KubeConfig, type V1Pod } from "@kubernetes/client-node";

import { startControlPlane, type ControlPlane } from "../../sandbox/control-plane";
import { createMissing } from "../../sandbox/control-plane/objects";
import { joinCluster } from "../../sandbox/node";
import type { ImageContent } from "../../sandbox/oci-image";
import { buildRegistry, registryFiles } from "../../sandbox/registry";
import { sleep } from "../../sandbox/wait";
import { converge, exportPath, must, onMachines } from "./nfs-machines";
import { assertPulls, installRegistry, push, randomImage } from "./registry-machines";
import { deployment, image, namespace, storage } from "./registry-objects";

describe("the registry's pod, on a real kubelet", function () {
  const machines = onMachines(this);
  let cluster: ControlPlane | undefined;
  let api: CoreV1Api;
  let apps: AppsV1Api;

  before("the client becomes a node of a cluster, and the export its registry's volume", async () => {
    const { server, client } = machines();
    await converge(server);
    const directory = mkdtempSync(path.join(tmpdir(), "persistence-pod-"));
    cluster = await startControlPlane({ directory, infraNodes: 0, log: console.error });
    const config = new KubeConfig();
    config.loadFromFile(cluster.kubeconfig);
    api = config.makeApiClient(CoreV1Api);
    apps = config.makeApiClient(AppsV1Api);
    await joinCluster(client, cluster, { images: { [image]: await registryImage() }, log: console.error });
    await installRegistry(client); // for its client
    await createMissing(cluster.kubeconfig, [...storage(server.networkAddress), deployment()]);
  });
  after(async () => {
    if (!cluster) return; // skipped
    const { server, client } = machines();
    try {
      await apps.deleteCollectionNamespacedDeployment({ namespace });
      // The server would go on waiting for a client that is gone.
      await must(client, "while grep --quiet ' nfs4 ' /proc/mounts; do sleep 0.2; done");
    } finally {
      await cluster.stop();
      rmSync(cluster.directory, { recursive: true });
      await client.reset();
      await must(server, `rm -rf ${exportPath}/docker`);
    }
  });

  it("serves what was pushed to it from the volume, after it was deleted and another came", async () => {
    const { client } = machines();
    const pushed = await randomImage([1 << 20, 3 << 20]);
    const first = await readyPod(api);
    await push(client, pushed, `${first.status!.podIP}:5000/shop/cart:1`);

    await api.deleteNamespacedPod({ name: first.metadata!.name!, namespace });
    const second = await readyPod(api, first);
    assert.match(
      await must(client, "cat /proc/mounts"),
      /^10.97.0.10:\/srv\/registry \/var\/lib\/kubelet\/pods\/.* nfs4 /m,
    );
    await assertPulls(client, pushed, `${second.status!.podIP}:5000/shop/cart`);
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
