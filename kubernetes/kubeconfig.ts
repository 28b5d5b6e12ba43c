import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { KubeConfig } from "@kubernetes/client-node";
import { UserError } from "../errors";

/** Which cluster, and as whom. */
export interface ClusterConnection {
  /** Path of a kubeconfig file, or its contents. Empty: `$KUBECONFIG`, else `~/.kube/config`. */
  readonly kubeconfig: string;
  /** Name of the context in that kubeconfig. Always named, so that no run touches a cluster by accident. */
  readonly context: string;
}

/** A kubeconfig is given by path or by contents; only contents have more than one line or start a document. */
export function isKubeconfigContents(kubeconfig: unknown): boolean {
  return typeof kubeconfig === "string" && /\n|^\s*[{]|^apiVersion:/.test(kubeconfig);
}

/** The kubeconfig with the connection's context chosen; what is missing in it is an error that says what is there. */
export function loadKubeconfig({ kubeconfig, context }: ClusterConnection): KubeConfig {
  const config = new KubeConfig();
  const source = describe(kubeconfig);
  assertExists(kubeconfig);
  try {
    if (kubeconfig === "") config.loadFromDefault();
    else if (isKubeconfigContents(kubeconfig)) config.loadFromString(kubeconfig);
    else config.loadFromFile(expanded(kubeconfig));
  } catch (error) {
    // The YAML parser's message quotes the lines around a mistake, tokens too.
    const reason = (error as { reason?: string }).reason ?? (error as Error).message.split("\n")[0];
    throw new UserError(`kubeconfig: ${source} cannot be read: ${reason}`);
  }
  if (!config.getContextObject(context)) {
    const names = config.getContexts().map(({ name }) => `"${name}"`);
    throw new UserError(
      `context: "${context}" is not in ${source}; it has ${names.join(", ") || "no context at all"}`,
    );
  }
  config.setCurrentContext(context);
  if (!config.getCurrentCluster()) {
    throw new UserError(`context: "${context}" in ${source} names a cluster that the file does not describe`);
  }
  return config;
}

function describe(kubeconfig: string): string {
  if (kubeconfig === "") return "the default kubeconfig";
  return isKubeconfigContents(kubeconfig) ? "kubeconfig" : `kubeconfig "${kubeconfig}"`;
}

function assertExists(kubeconfig: string): void {
  if (isKubeconfigContents(kubeconfig)) return;
  if (kubeconfig !== "") {
    if (fs.existsSync(expanded(kubeconfig))) return;
    throw new UserError(
      `kubeconfig: "${kubeconfig}" does not exist; give the path of a kubeconfig file, or its contents as a secret`,
    );
  }
  const paths = process.env["KUBECONFIG"]?.split(path.delimiter) ?? [expanded("~/.kube/config")];
  // The client library would fall back to a cluster on localhost that nobody configured.
  if (!paths.some((file) => file !== "" && fs.existsSync(file))) {
    throw new UserError(
      `kubeconfig: none is configured, and ${paths.join(", ")} does not exist; log in, or set kubeconfig`,
    );
  }
}

function expanded(file: string): string {
  return file.replace(/^~(?=\/)/, os.homedir());
}
