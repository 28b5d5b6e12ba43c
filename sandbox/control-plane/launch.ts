import { writeFileSync } from "node:fs";
import * as path from "node:path";

import { startProcess, type SandboxProcess } from "../process";
import { writeCertificates } from "./certificates";
import { writeKubeconfig } from "./kubeconfig";
import type { Layout } from "./layout";
import { kwokPermissions, nodes, writeStages } from "./nodes";
import { createMissing, takesPods } from "./objects";
import { freePorts } from "./ports";
import * as programs from "./programs";
import { answers, until } from "./ready";

interface LaunchOptions {
  readonly binaries: string;
  readonly infraNodes: number;
  readonly isAudited: boolean;
  readonly log: (line: string) => void;
  readonly signal?: AbortSignal;
}

/** Starts a new cluster, in the order in which the programs need each other. */
export async function launch(
  layout: Layout,
  { binaries, infraNodes, isAudited, log, signal }: LaunchOptions,
): Promise<void> {
  const { pki } = layout;
  const [etcdPort, etcdPeerPort, apiServerPort] = (await freePorts(3)) as [number, number, number];
  const ports = { etcd: etcdPort, etcdPeer: etcdPeerPort, apiServer: apiServerPort };
  await writeCertificates(pki);
  writeKubeconfigs(layout, `https://127.0.0.1:${apiServerPort}`);
  if (isAudited) writeFileSync(layout.auditPolicy, programs.auditPolicy);
  writeStages(path.join(binaries, "stages"), layout.stages);

  const running: SandboxProcess[] = [];
  const start = async (name: string, args: readonly string[]) => {
    signal?.throwIfAborted();
    log(`starting ${name}`);
    running.push(await startProcess(layout.directory, { name, command: path.join(binaries, name), args }));
  };
  const wait = (what: string, check: () => Promise<boolean>) => until(what, check, running, signal);

  await start("etcd", programs.etcd(layout, ports));
  await wait("etcd answers", () => answers(`https://127.0.0.1:${etcdPort}/health`, pki, "kube-apiserver"));
  await start("kube-apiserver", programs.apiServer(layout, ports, isAudited));
  await wait("the API server is ready", () =>
    answers(`https://127.0.0.1:${apiServerPort}/readyz`, pki, "admin"),
  );
  await createMissing(layout.kubeconfig, [...kwokPermissions(), ...nodes(infraNodes)]);
  await start("kube-controller-manager", programs.controllerManager(layout));
  await start("kube-scheduler", programs.scheduler(layout));
  await start("kwok", programs.kwok(layout));
  await wait("all nodes are ready", () => takesPods(layout.kubeconfig));
}

function writeKubeconfigs({ pki, kubeconfig, kubeconfigs }: Layout, server: string): void {
  writeKubeconfig(kubeconfig, { server, pki, client: "admin" });
  for (const client of ["kube-controller-manager", "kube-scheduler", "kwok"] as const) {
    writeKubeconfig(kubeconfigs[client], { server, pki, client });
  }
}
