import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import * as path from "node:path";

import { CoreV1Api } from "@kubernetes/client-node";
import { parse, stringify } from "yaml";

import { connect } from "../connect";
import type { ControlPlane } from "../control-plane";
import { kubeletNode } from "../control-plane/certificates";
import { writeKubeconfig } from "../control-plane/kubeconfig";
import { layoutOf } from "../control-plane/layout";
import { isReady } from "../control-plane/objects";
import { freePorts } from "../control-plane/ports";
import { execute } from "../machines/execute";
import { writeImage, type ImageContent } from "../oci-image";
import { startProcess } from "../process";
import { sleep } from "../wait";
import { buildNodePrograms } from "./programs";

const files = path.join(__dirname, "files/etc");
const readySeconds = 180;
const bridge = "node";
const address = "10.99.0.1";
/** Where pods reach this machine. */
export const addressForPods = "10.88.0.1";

/**
 * Makes this machine a real node of the cluster, with containerd and a kubelet, where `inNamespaces` runs it: its pods are in
 * the network 10.88.0.0/24, which nothing else reaches, and find there the images given. All of it ends with the namespaces.
 */
export async function startNode(
  cluster: ControlPlane,
  { images, log }: { images: Readonly<Record<string, ImageContent>>; log: (line: string) => void },
): Promise<void> {
  const directory = path.join(cluster.directory, "node");
  mkdirSync(directory, { recursive: true });
  const [runtime = "", agent = ""] = await buildNodePrograms({ log });
  const socket = path.join(directory, "containerd.sock");
  const config = writeRuntimeConfig(directory, socket);
  await startProcess(directory, {
    name: "containerd",
    command: "/usr/bin/env",
    args: [
      `PATH=${runtime}:${process.env["PATH"]}:/usr/sbin:/sbin`,
      path.join(runtime, "containerd"),
      "--config",
      config,
    ],
  });
  const ctr = path.join(runtime, "ctr");
  const pause = { layers: [{ pause: path.join(runtime, "pause") }], entrypoint: ["/pause"] };
  await untilAnswers(ctr, socket);
  for (const [name, content] of Object.entries({ "localhost/pause:1": pause, ...images })) {
    const folder = path.join(directory, "images", encodeURIComponent(name));
    await writeImage(folder, content, name);
    await execute("tar", ["--create", `--file=${folder}.tar`, `--directory=${folder}`, "."]);
    await execute(ctr, ["--address", socket, "--namespace", "k8s.io", "images", "import", `${folder}.tar`]);
  }
  await execute("ip", ["link", "add", bridge, "type", "bridge"]);
  await execute("ip", ["address", "add", `${address}/24`, "dev", bridge]);
  await execute("ip", ["link", "set", bridge, "up"]);
  // A kubelet looks for a default route, by which nothing is ever sent.
  await execute("ip", ["route", "add", "default", "via", "10.99.0.254"]);
  const args = await kubeletArguments(directory, cluster, socket);
  await startProcess(directory, { name: "kubelet", command: path.join(agent, "kubelet"), args });
  await untilReady(cluster);
}

function writeRuntimeConfig(directory: string, socket: string): string {
  const config = path.join(directory, "containerd.toml");
  const shared = readFileSync(path.join(files, "containerd/config.toml"), "utf8");
  writeFileSync(
    config,
    shared
      .replace("version = 3", `version = 3\nroot = "${directory}/containerd"\nstate = "${directory}/run"`)
      .replace("SystemdCgroup = true", "SystemdCgroup = false")
      .replace('bin_dirs = ["/usr/lib/cni"]', `$&\nconf_dir = "${path.join(files, "cni/net.d")}"`) +
      `\n[grpc]\naddress = "${socket}"\n` +
      // Root in a container may not be allowed what root is.
      '\n[plugins."io.containerd.cri.v1.runtime"]\nrestrict_oom_score_adj = true\n',
  );
  return config;
}

async function kubeletArguments(directory: string, cluster: ControlPlane, socket: string): Promise<string[]> {
  const { pki } = layoutOf(cluster.directory);
  const [port, healthzPort] = await freePorts(2);
  const config = path.join(directory, "kubelet.yaml");
  const shared = parse(readFileSync(path.join(files, "kubernetes/kubelet.yaml"), "utf8")) as object;
  const here = {
    port,
    healthzPort,
    containerRuntimeEndpoint: `unix://${socket}`,
    tlsCertFile: path.join(pki, "server.crt"),
    tlsPrivateKeyFile: path.join(pki, "server.key"),
    authentication: {
      anonymous: { enabled: false },
      webhook: { enabled: false },
      x509: { clientCAFile: path.join(pki, "ca.crt") },
    },
    cgroupDriver: "cgroupfs",
    failCgroupV1: false,
    failSwapOn: false,
    // This machine's other programs are none of a kubelet's business.
    cgroupsPerQOS: false,
    enforceNodeAllocatable: [],
  };
  writeFileSync(config, stringify({ ...shared, ...here }));
  const kubeconfig = path.join(directory, "kubeconfig");
  writeKubeconfig(kubeconfig, {
    server: connect(cluster.kubeconfig).getCurrentCluster()!.server,
    pki,
    client: "kubelet",
  });
  return [
    `--config=${config}`,
    `--kubeconfig=${kubeconfig}`,
    `--hostname-override=${kubeletNode}`,
    `--node-ip=${address}`,
    `--root-dir=${path.join(directory, "kubelet")}`,
  ];
}

async function untilAnswers(ctr: string, socket: string): Promise<void> {
  const deadline = Date.now() + readySeconds * 1000;
  for (;;) {
    try {
      await execute(ctr, ["--address", socket, "version"]);
      return;
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await sleep(300);
    }
  }
}

async function untilReady(cluster: ControlPlane): Promise<void> {
  const api = connect(cluster.kubeconfig).makeApiClient(CoreV1Api);
  const deadline = Date.now() + readySeconds * 1000;
  for (;;) {
    const { items } = await api.listNode({ fieldSelector: `metadata.name=${kubeletNode}` });
    const [node] = items;
    if (node && isReady(node)) return;
    if (Date.now() > deadline) {
      const { status, spec } = node ?? {};
      const seen = JSON.stringify([status?.conditions, spec?.taints]);
      throw new Error(`node ${kubeletNode} is not ready: ${seen}; logs: ${cluster.directory}/node/logs`);
    }
    await sleep(300);
  }
}
