import { existsSync, rmSync } from "node:fs";
import * as path from "node:path";

import { UserError } from "../../errors";
import { withLock } from "../lock";
import { isRunning, recordedProcesses, startProcess, stopProcess, stopProcesses } from "../process";
import { buildBinaries } from "./binaries";
import { contextName } from "./kubeconfig";
import { launch } from "./launch";
import { defaultDirectory, layoutOf } from "./layout";
import { nodes } from "./nodes";
import { createMissing } from "./objects";
import { answers, ProcessEnded, until } from "./ready";

export { defaultDirectory } from "./layout";

export interface ControlPlane {
  /** Path of the administrator's kubeconfig, whose only context is `sandbox`. */
  readonly kubeconfig: string;
  readonly context: typeof contextName;
  /** Path of the sandbox's state; its folder `cluster` is removed when the cluster stops. */
  readonly directory: string;
  /** Path of the folder with kube-apiserver, etcd, kubectl, … */
  readonly binaries: string;
  /** Path of the audit log, where there is one. */
  readonly auditLog: string;
  stop(): Promise<void>;
  /** Ends the API server and starts it again on the same port, as a node reboot does. */
  restartApiServer(): Promise<void>;
}

export interface ControlPlaneOptions {
  /** The sandbox's state; one control plane runs per folder. Default: `.sandbox` of the checkout. */
  readonly directory?: string;
  /** How many tainted infra nodes there are. Default: 2. */
  readonly infraNodes?: number;
  /** Whether the API server records who asked what of it, in `auditLog`. Default: false. */
  readonly isAudited?: boolean;
  readonly log?: (line: string) => void;
  /** Ends a start that is under way; nothing half-made stays behind. */
  readonly signal?: AbortSignal;
}

/** The control plane of this folder: the one that runs there, or else a new one with an empty cluster. */
export async function startControlPlane(options: ControlPlaneOptions = {}): Promise<ControlPlane> {
  if (process.platform !== "linux") {
    throw new UserError(
      `the sandbox runs on Linux, this is ${process.platform}: use a Linux machine or container`,
    );
  }
  const { infraNodes = 2, isAudited = false, log = () => undefined, signal } = options;
  const directory = path.resolve(options.directory ?? defaultDirectory);
  const binaries = await buildBinaries({ log, signal });
  return withLock(directory, { name: "control-plane", purpose: "starting the control plane" }, async () => {
    const running = await runningControlPlane(directory);
    if (running) {
      log(`the control plane in ${directory} runs already`);
      await createMissing(running.kubeconfig, nodes(infraNodes));
      return running;
    }
    await removeCluster(directory); // what a crash left
    for (let attempt = 1; ; attempt++) {
      try {
        await launch(layoutOf(directory), { binaries, infraNodes, isAudited, log, signal });
        return controlPlane(directory, binaries);
      } catch (error) {
        await removeCluster(directory);
        if (!(error instanceof ProcessEnded && error.portWasTaken && attempt < 3)) throw error;
        log("another program took a port meanwhile: trying others");
      }
    }
  });
}

/** Ends everything that runs in this folder, the control plane and what was started beside it. Logs stay. */
export async function stopControlPlane(options: { readonly directory?: string } = {}): Promise<void> {
  const directory = path.resolve(options.directory ?? defaultDirectory);
  if (!existsSync(directory)) return;
  await withLock(directory, { name: "control-plane", purpose: "stopping the control plane" }, () =>
    removeCluster(directory),
  );
}

/** The control plane that runs in this folder, if it is complete and answers. */
export async function runningControlPlane(directory: string): Promise<ControlPlane | undefined> {
  const programs = recordedProcesses(directory).filter(isRunning);
  const running = (name: string) => programs.find((program) => program.name === name);
  const apiServer = running("kube-apiserver");
  const rest = ["etcd", "kube-controller-manager", "kube-scheduler", "kwok"];
  if (!apiServer || !rest.every(running)) return undefined;
  if (!(await isReady(directory, apiServer.args))) return undefined;
  return controlPlane(path.resolve(directory), path.dirname(apiServer.command));
}

function controlPlane(directory: string, binaries: string): ControlPlane {
  return {
    kubeconfig: layoutOf(directory).kubeconfig,
    context: contextName,
    auditLog: layoutOf(directory).auditLog,
    directory,
    binaries,
    stop: () => stopControlPlane({ directory }),
    restartApiServer: () => restartApiServer(directory),
  };
}

async function restartApiServer(directory: string): Promise<void> {
  const apiServer = recordedProcesses(directory).find(({ name }) => name === "kube-apiserver");
  if (!apiServer) throw new UserError(`no control plane runs in ${directory}`);
  await stopProcess(directory, apiServer);
  const restarted = await startProcess(directory, apiServer);
  await until("the API server is ready", () => isReady(directory, restarted.args), [restarted]);
}

function isReady(directory: string, apiServerArgs: readonly string[]): Promise<boolean> {
  const port = apiServerArgs.find((arg) => arg.startsWith("--secure-port="))?.split("=")[1];
  return answers(`https://127.0.0.1:${port}/readyz`, layoutOf(directory).pki, "admin");
}

async function removeCluster(directory: string): Promise<void> {
  await stopProcesses(directory);
  const { cluster, kubeconfig } = layoutOf(directory);
  for (const gone of [cluster, kubeconfig]) rmSync(gone, { recursive: true, force: true });
}
