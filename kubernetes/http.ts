import * as http from "node:http";
import * as https from "node:https";
import { pipeline } from "node:stream";
import { text } from "node:stream/consumers";
import { type ConnectionOptions, createSecureContext } from "node:tls";
import { createGunzip } from "node:zlib";
import { contents, type Credentials } from "./credentials";
import type { KubeCluster } from "./kubeconfig";
import { proxyOf } from "./proxy";

export interface Request {
  readonly method: "DELETE" | "GET" | "PATCH" | "POST" | "PUT";
  /** Path and query below the server's address. */
  readonly path: string;
  readonly accept: string;
  readonly contentType?: string;
  readonly body?: unknown;
  /** Is not sent again when the server is busy: nobody waits for what only informs. */
  readonly once?: boolean;
}

export interface Answer {
  readonly code: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
}

/** Connections to one server as one user. Idle ones do not keep the process alive. */
export class Connections {
  private agent: http.Agent | undefined;
  private agentsKey = "";

  constructor(
    private readonly cluster: KubeCluster & { readonly server: string },
    /** Milliseconds that a proxy has to open a connection. */
    private readonly limit: number,
  ) {}

  /** One request, from name look-up to the answer's last byte; `signal` ends all of it. */
  async send(request: Request, { headers, tls }: Credentials, signal: AbortSignal): Promise<Answer> {
    const url = new URL(this.cluster.server.replace(/\/$/, "") + request.path);
    const agent = await this.agentFor(tls);
    const options: https.RequestOptions = {
      method: request.method,
      headers: {
        ...headers,
        accept: request.accept,
        "accept-encoding": "gzip",
        "user-agent": "image-registry",
        ...(request.contentType && { "content-type": request.contentType }),
      },
      agent,
      signal,
    };
    const response = await exchange(url, options, request.body);
    const packed = response.headers["content-encoding"] === "gzip";
    const body = packed ? pipeline(response, createGunzip(), () => {}) : response;
    return { code: response.statusCode ?? 0, headers: response.headers, body: await text(body) };
  }

  /** Closes what is open, also what still waits for an answer. */
  close(): void {
    this.agent?.destroy();
  }

  private async agentFor(tls: Credentials["tls"]): Promise<http.Agent> {
    const key = `${tls.cert?.toString()}${tls.key?.toString()}`;
    if (this.agent && this.agentsKey === key) return this.agent;
    this.agentsKey = key;
    // A handshake costs more than to wait for one of these: most of what a program asks, it asks at once.
    return (this.agent = await newAgent(this.cluster, tls, { limit: this.limit, sockets: 3 }));
  }
}

/** What keeps connections to a cluster as one user. `limit`: milliseconds to open one; `sockets`: how many at a time. */
export function newAgent(
  cluster: KubeCluster & { readonly server: string },
  tls: Credentials["tls"],
  { limit, sockets }: { readonly limit: number; readonly sockets: number },
): Promise<http.Agent> {
  const trust = { ...tls, ca: contents(cluster, "certificate-authority") };
  const options = {
    ...trust,
    // Once, not for every connection: certificates and keys are parsed in it.
    secureContext: createSecureContext(trust),
    servername: cluster["tls-server-name"],
    rejectUnauthorized: !cluster["insecure-skip-tls-verify"],
    timeout: limit,
    keepAlive: true,
    maxSockets: sockets,
  };
  return agentOf(new URL(cluster.server), cluster, options);
}

async function agentOf(
  url: URL,
  cluster: KubeCluster,
  options: ConnectionOptions & http.AgentOptions,
): Promise<http.Agent> {
  const proxy = cluster["proxy-url"] || proxyOf(url);
  if (!proxy) return url.protocol === "http:" ? new http.Agent(options) : new https.Agent(options);
  if (/^socks/.test(proxy)) {
    const { SocksProxyAgent } = await import("socks-proxy-agent");
    return new SocksProxyAgent(proxy, options);
  }
  const { HttpProxyAgent, HttpsProxyAgent } = await import("hpagent");
  return url.protocol === "http:"
    ? new HttpProxyAgent({ ...options, proxy })
    : new HttpsProxyAgent({ ...options, proxy });
}

function exchange(url: URL, options: https.RequestOptions, body: unknown): Promise<http.IncomingMessage> {
  return new Promise((resolve, reject) => {
    const request = (url.protocol === "http:" ? http : https).request(url, options, resolve);
    request.on("error", (error: NodeJS.ErrnoException) => {
      // The server closed the idle connection just when it was to be used again.
      if (request.reusedSocket && error.code === "ECONNRESET")
        exchange(url, options, body).then(resolve, reject);
      else reject(error);
    });
    const data = body === undefined ? undefined : JSON.stringify(body);
    // Node itself says so of all methods but DELETE, whose body would then be taken for the next request.
    if (data !== undefined) request.setHeader("content-length", Buffer.byteLength(data));
    request.end(data);
  });
}
