import * as path from "node:path";

import { until } from "../control-plane/ready";
import { isRunning, recordedProcesses, startProcess, stopProcess } from "../process";
import { Cluster } from "./cluster";
import { apiVersion, type Config, type ImagePruner } from "./model";
import { typescriptLoader } from "../../project";

/*
 * A stand-in for OpenShift's cluster-image-registry-operator, faithful in what a program that configures the registry
 * meets: refusals, writes into the spec, conditions and their timing, the Deployment, Removed, back-off, the pruner's
 * CronJob. Compared step by step with the real one on one API server. Left out: the ClusterOperator, TLS and trusted
 * CAs, RBAC, network policies, pull secret, node-ca, clouds other than S3 (whose bucket is never asked for), failed
 * pruner jobs, and the race in which the real one's Update overwrites a spec that changed meanwhile.
 */

const name = "registry-operator";

/**
 * Starts the stand-in for the registry operator beside the control plane of `directory`, unless it runs there, and
 * waits until it has made the registry's Config and spoken about it, and made the ImagePruner. The cluster must have the CRDs.
 */
export async function startOperator(options: {
  readonly kubeconfig: string;
  readonly directory: string;
}): Promise<{ stop(): Promise<void> }> {
  const { kubeconfig, directory } = options;
  const running = recordedProcesses(directory).find((program) => program.name === name && isRunning(program));
  const main = path.join(__dirname, "main.ts");
  const args = [...typescriptLoader, main, "--kubeconfig", path.resolve(kubeconfig)];
  const program = running ?? (await startProcess(directory, { name, command: process.execPath, args }));
  const cluster = new Cluster(kubeconfig);
  try {
    await until("the registry operator's stand-in reports", () => reports(cluster), [program]);
  } catch (error) {
    await stopProcess(directory, program);
    throw error;
  }
  return { stop: () => stopProcess(directory, program) };
}

async function reports(cluster: Cluster): Promise<boolean> {
  try {
    const config = await cluster.read<Config>(apiVersion, "Config", "cluster");
    const pruner = await cluster.read<ImagePruner>(apiVersion, "ImagePruner", "cluster");
    return config?.status?.observedGeneration !== undefined && pruner !== undefined;
  } catch {
    return false; // the API server does not serve the CRDs yet
  }
}
