import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from "node:net";
import type { ClusterConnection } from "../../../kubernetes/client";
import { projectDirectory, typescriptLoader } from "../../../project";

/** A server on loopback for one test, and what leads to it. */
export interface LocalServer {
  readonly port: number;
  close(): Promise<void>;
}

export function httpServer(answer: RequestListener): Promise<LocalServer> {
  return listening(createServer(answer));
}

export function tcpServer(answer: (socket: Socket) => void): Promise<LocalServer> {
  return listening(createTcpServer(answer));
}

async function listening(server: Server): Promise<LocalServer> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("error", () => {}); // it is the client that breaks off
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    close: () => {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

/** A connection to a server, with what is said of the user and added to the cluster's entry. */
export function connectionTo(server: string, user: object = {}, cluster: object = {}): ClusterConnection {
  const entry = (key: string, value: object) => [{ name: "test", [key]: value }];
  const kubeconfig = {
    apiVersion: "v1",
    kind: "Config",
    clusters: entry("cluster", { server, ...cluster }),
    users: entry("user", user),
    contexts: entry("context", { cluster: "test", user: "test" }),
  };
  return { kubeconfig: JSON.stringify(kubeconfig), context: "test" };
}

/** A process that lists nodes, waits no longer than 0.3 s for them, prints why it got none, and ends when nothing is left to do. */
export async function failingRead(
  connection: ClusterConnection,
  environment: Record<string, string> = {},
): Promise<{ code: number | null; output: string }> {
  const script = `
    const { ClusterClient } = require("./kubernetes/client");
    const client = new ClusterClient(${JSON.stringify(connection)}, 300);
    client.list("v1", "Node").catch((error) => console.log(error.message));`;
  const child = spawn(process.execPath, [...typescriptLoader, "--eval", script], {
    cwd: projectDirectory,
    env: { PATH: process.env["PATH"], ...environment },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  child.stdout.on("data", (data: Buffer) => (output += data.toString()));
  const [code] = (await once(child, "close")) as [number | null];
  return { code, output };
}
