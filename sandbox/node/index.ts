import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";

import { CoreV1Api } from "@kubernetes/client-node";

import { connect } from "../connect";
import type { ControlPlane } from "../control-plane";
import { kubeletNode } from "../control-plane/certificates";
import { writeKubeconfig } from "../control-plane/kubeconfig";
import { layoutOf } from "../control-plane/layout";
import { freePorts } from "../control-plane/ports";
import type { Machine } from "../machines";
import { writeImage, type ImageContent } from "../oci-image";
import { sleep } from "../wait";
import { buildNodePrograms } from "./programs";

export { kubeletNode } from "../control-plane/certificates";

/** Emulated processors are slow. */
const joinSeconds = 600;

const install = `
set -e
export DEBIAN_FRONTEND=noninteractive
apt-get -qq update
apt-get -qq -y install runc containernetworking-plugins >/dev/null
systemctl daemon-reload
systemctl start containerd
for image in /var/lib/images/*; do
  tar --create --directory="$image" . | ctr --namespace k8s.io images import - >/dev/null
done
systemctl start kubelet`;

/**
 * Makes a machine a real node of the cluster, with containerd and a kubelet, until the machine's reset. Its pods have
 * addresses that only the machine itself reaches, and find there the images given. Its network is the CNI's bridge plugin,
 * which knows no NetworkPolicy: whoever reaches a pod's address gets in.
 */
export async function joinCluster(
  machine: Machine,
  cluster: ControlPlane,
  { images, log }: { images: Readonly<Record<string, ImageContent>>; log: (line: string) => void },
): Promise<void> {
  const config = connect(cluster.kubeconfig);
  const { server } = config.getCurrentCluster()!;
  const { pki } = layoutOf(cluster.directory);
  const programs = await buildNodePrograms({ log });
  const [port] = await freePorts(1);

  log(`${machine.name} joins the cluster`);
  const root = mkdtempSync(path.join(tmpdir(), "image-registry-node-"));
  try {
    cpSync(path.join(__dirname, "files"), root, { recursive: true });
    for (const folder of programs) cpSync(folder, path.join(root, "usr/local/bin"), { recursive: true });
    const environment = `NAME=${kubeletNode}\nADDRESS=${machine.networkAddress}\nPORT=${port}\n`;
    writeFileSync(path.join(root, "etc/kubernetes/node.env"), environment);
    const kubeconfig = path.join(root, "etc/kubernetes/kubeconfig");
    writeKubeconfig(kubeconfig, { server, pki, client: "kubelet" });
    for (const file of ["ca.crt", "server.crt", "server.key"])
      cpSync(path.join(pki, file), path.join(root, "etc/kubernetes", file));
    const pause = { layers: [{ pause: path.join(root, "usr/local/bin/pause") }], entrypoint: ["/pause"] };
    for (const [name, image] of Object.entries({ "localhost/pause:1": pause, ...images })) {
      await writeImage(path.join(root, "var/lib/images", encodeURIComponent(name)), image, name);
    }
    await machine.put(root, "/");
  } finally {
    rmSync(root, { recursive: true });
  }
  await machine.forward(Number(new URL(server).port));
  await machine.reach(port!);
  const { exitCode, stdout, stderr } = await machine.run(install, { timeoutSeconds: joinSeconds });
  if (exitCode !== 0) throw new Error(`${machine.name} does not become a node: ${stdout}${stderr}`);
  await untilReady(machine, config.makeApiClient(CoreV1Api));
}

async function untilReady(machine: Machine, api: CoreV1Api): Promise<void> {
  const deadline = Date.now() + joinSeconds * 1000;
  for (;;) {
    const { items } = await api.listNode({ fieldSelector: `metadata.name=${kubeletNode}` });
    const conditions = items[0]?.status?.conditions ?? [];
    if (conditions.some(({ type, status }) => type === "Ready" && status === "True")) return;
    if (Date.now() > deadline) {
      const { stdout } = await machine.run("journalctl --unit=kubelet --lines=30 --no-pager");
      throw new Error(`node ${kubeletNode} is not ready: ${JSON.stringify(conditions)}\n${stdout}`);
    }
    await sleep(200);
  }
}
