import type { RequestOptions } from "node:https";
import type { KubeConfig } from "@kubernetes/client-node";
import { UserError } from "../errors";
import { ClusterError } from "./client-error";
import { credentialsOf } from "./credentials";
import { newAgent } from "./http";
import { type ClusterConnection, loadKubeconfig } from "./kubeconfig";

/** Which pod is meant. */
export interface PodAddress {
  readonly namespace: string;
  readonly pod: string;
}

const openMilliseconds = 20_000;

/**
 * What client-node's websockets (exec, port-forward) ask of a kubeconfig, answered as this program's other requests are:
 * the same credentials, proxies and trust.
 */
export function socketConfig(connection: ClusterConnection): KubeConfig {
  const context = loadKubeconfig(connection);
  const config: Pick<KubeConfig, "getCurrentCluster" | "applyToHTTPSOptions"> = {
    getCurrentCluster: () => ({
      name: "",
      server: context.cluster.server.replace(/\/$/, ""),
      skipTLSVerify: false,
    }),
    applyToHTTPSOptions: async (options: RequestOptions & { handshakeTimeout?: number }) => {
      const { headers, tls } = await credentialsOf(context, openMilliseconds);
      // Each stream is a socket of its own until it ends.
      options.agent = await newAgent(context.cluster, tls, { limit: openMilliseconds, sockets: Infinity });
      options.headers = headers;
      options.handshakeTimeout = openMilliseconds;
    },
  };
  return config as KubeConfig;
}

/** Why a stream to a pod could not be opened, for people; `right` is what the user needs for it. */
export function notOpened(error: unknown, { namespace, pod }: PodAddress, right: string): UserError {
  if (error instanceof UserError) return error;
  const said = (error as { message?: unknown } | undefined)?.message;
  const message = typeof said === "string" && said !== "" ? said : "the connection failed";
  const code = Number(/server response: (\d+)/.exec(message)?.[1]);
  if (code === 403 || code === 401) {
    const reason = `the cluster does not let this user use ${right} in namespace ${namespace} (${code})`;
    return new ClusterError(`${reason}; grant it`, false, code);
  }
  const transient = Number.isNaN(code) || code >= 500;
  return new ClusterError(
    `cannot reach pod ${pod} through the API server: ${message}`,
    transient,
    code || undefined,
  );
}
