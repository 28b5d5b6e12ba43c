import { type Duplex, duplexPair, Writable } from "node:stream";
import type { ClusterConnection } from "./kubeconfig";
import { notOpened, type PodAddress, socketConfig } from "./sockets";

/** Of client-node's websocket, whose types are those of a package that is not installed. */
interface Socket {
  onclose: () => void;
  close(): void;
}

/**
 * A connection to a port of a pod, through the API server and the pod's node. Nothing listens on this machine, where
 * others could use it too.
 */
export async function connectToPod(
  connection: ClusterConnection,
  address: PodAddress,
  port: number,
): Promise<Duplex> {
  const { PortForward } = await import("@kubernetes/client-node/dist/portforward.js");
  const [near, far] = duplexPair();
  // What the pod's node says of a port on which nothing listens.
  const complaints = new Writable({
    write: (chunk: Buffer, _, done) => {
      const message = chunk.toString().trim();
      // The stream begins with the port's number, of which client-node leaves nothing.
      if (message !== "") near.destroy(notOpened({ message }, address, "pods/portforward"));
      done();
    },
  });
  const { namespace, pod } = address;
  try {
    const forward = new PortForward(socketConfig(connection));
    const opened: unknown = await forward.portForward(namespace, pod, [port], far, complaints, far);
    const socket = opened as Socket;
    socket.onclose = () => far.end();
    near.once("close", () => socket.close());
    return near;
  } catch (error) {
    throw notOpened(error, address, "pods/portforward");
  }
}
