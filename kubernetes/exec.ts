import { PassThrough, type Readable, Writable } from "node:stream";
import type { V1Status } from "@kubernetes/client-node";
import type { ClusterConnection } from "./kubeconfig";
import { notOpened, type PodAddress, socketConfig } from "./sockets";

/** What goes in and out of a command besides what it is asked. */
export interface ExecStreams {
  /** Its end is not told to the command, which older API servers cannot: what is sent must say itself where it ends. */
  readonly stdin?: Readable;
  readonly stdout: Writable;
}

export interface ExecResult {
  readonly exitCode: number;
  readonly stderr: string;
}

/** Of client-node's websocket (package ws), as far as streams must not outrun each other. */
interface Socket {
  readonly bufferedAmount: number;
  onclose: () => void;
  pause(): void;
  resume(): void;
  ping(): void;
  close(): void;
}

const bufferedBytes = 4 * 1024 ** 2;
/** Load balancers in front of API servers cut what is silent for a minute, as the sample for OpenShift does. */
const pingMilliseconds = 20_000;
const stderrBytes = 64 * 1024;

/** Runs a command in a pod's container. A command that fails is a result; what keeps it from running is an error. */
export async function execInPod(
  connection: ClusterConnection,
  address: PodAddress & { readonly container: string },
  command: readonly string[],
  { stdin, stdout }: ExecStreams,
): Promise<ExecResult> {
  const { Exec } = await import("@kubernetes/client-node/dist/exec.js");
  const { namespace, pod, container } = address;
  let stderr = "";
  let socket: Socket | undefined;
  const errors = new Writable({
    write: (chunk: Buffer, _, done) => {
      stderr = (stderr + chunk.toString()).slice(-stderrBytes);
      done();
    },
  });
  // client-node writes without looking whether what it writes to can take more.
  const output = new Writable({
    write: (chunk: Buffer, _, done) => {
      if (stdout.write(chunk)) return done();
      socket?.pause();
      stdout.once("drain", () => {
        socket?.resume();
        done();
      });
    },
  });
  const input = new PassThrough();
  return new Promise((resolve, reject) => {
    const failed = (error: unknown) => reject(notOpened(error, address, "pods/exec"));
    const ended = (status: V1Status) =>
      output.end(() => resolve({ exitCode: exitCodeOf(status), stderr: stderr + told(status) }));
    for (const stream of [stdout, ...(stdin ? [stdin] : [])]) stream.once("error", failed);
    new Exec(socketConfig(connection))
      .exec(namespace, pod, container, [...command], output, errors, stdin ? input : null, false, ended)
      .then((opened: unknown) => {
        socket = opened as Socket;
        const pings = setInterval(() => socket?.ping(), pingMilliseconds).unref();
        socket.onclose = () => {
          clearInterval(pings);
          failed({ message: "the connection ended before the command did" });
        };
        if (stdin) pump(stdin, input, socket).catch(failed);
      }, failed);
  });
}

/** Not faster than the socket takes it. */
async function pump(from: Readable, to: Writable, socket: Socket): Promise<void> {
  for await (const chunk of from) {
    while (socket.bufferedAmount > bufferedBytes) await new Promise((resolve) => setTimeout(resolve, 2));
    to.write(chunk);
  }
}

function exitCodeOf({ status, details }: V1Status): number {
  if (status === "Success") return 0;
  const code = details?.causes?.find(({ reason }) => reason === "ExitCode")?.message;
  return code === undefined ? 127 : Number(code);
}

/** What the runtime says where there is no exit code: no such program, say. */
function told({ status, message, details }: V1Status): string {
  const hasCode = details?.causes?.some(({ reason }) => reason === "ExitCode");
  return status === "Success" || hasCode ? "" : (message ?? "");
}
