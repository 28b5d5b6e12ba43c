import * as http from "node:http";
import type { Duplex } from "node:stream";
import { buffer } from "node:stream/consumers";
import { connect as connectTls } from "node:tls";
import { UserError } from "../errors";
import { type Blob, digestOf, type ProofImage } from "./image";
import { Problem, problemOf } from "./problem";
import { redirected, unreadText } from "./redirect";

/** How a pod's registry is spoken to. */
export interface RegistryAccess {
  /** A new connection to the registry's port. */
  readonly connect: () => Promise<Duplex>;
  readonly isTls: boolean;
  /** Of the header Authorization, where the registry asks who pushes. */
  readonly authorization?: string | undefined;
}

interface Answer {
  readonly code: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: Buffer;
}

const limitMilliseconds = 60_000;

const isRedirect = ({ code }: Answer) => code === 307 || code === 302;

/** The little of the OCI distribution protocol that a proof needs, in one repository. */
export class RegistryClient {
  /** Whether an upload was begun, which may still be there. */
  hasBegun = false;

  constructor(
    private readonly access: RegistryAccess,
    private readonly repository: string,
  ) {}

  /** Uploads all of it, also what is there already: only what is written proves that writing works. */
  async push({ manifest, blobs }: ProofImage, tag: string): Promise<void> {
    for (const blob of blobs) await this.upload(blob);
    const put = { body: manifest.content, type: manifest.mediaType };
    await this.expect("push the manifest", 201, "PUT", this.path(`manifests/${tag}`), put);
  }

  /** Reads all of it back by its digests; returns what it could not read but knows to be there, in words. */
  async assertHolds({ manifest, blobs }: ProofImage, pod: string): Promise<string[]> {
    const unread: string[] = [];
    const parts = [
      { path: `manifests/${manifest.digest}`, blob: manifest },
      ...blobs.map((blob) => ({ path: `blobs/${blob.digest}`, blob })),
    ];
    for (const { path, blob } of parts) {
      const first = await this.ask("GET", this.path(path), { accept: blob.mediaType });
      const { location = "" } = first.headers;
      const answer = isRedirect(first) ? await redirected(location) : first;
      if (!answer) {
        unread.push(unreadText(blob, location));
        continue;
      }
      if (answer.code === 404)
        throw new Problem("lost", `pod ${pod} does not have ${blob.digest}, which was pushed`);
      if (answer.code !== 200) throw this.refused(`read ${blob.digest} back`, answer);
      const is = digestOf(answer.body);
      if (is !== blob.digest)
        throw new Problem(
          "lost",
          `pod ${pod} gives ${is} where ${blob.digest} was pushed: the storage changed it`,
        );
    }
    return unread;
  }

  /** Takes the image out of the repository; false where the registry is not set up to let anybody (the default). */
  async remove({ manifest }: ProofImage): Promise<boolean> {
    const { code } = await this.ask("DELETE", this.path(`manifests/${manifest.digest}`));
    return code === 202;
  }

  private async upload({ digest, content }: Blob): Promise<void> {
    const { headers } = await this.expect("begin an upload", 202, "POST", this.path("blobs/uploads/"), {});
    this.hasBegun = true;
    // Absolute or not, with parameters or without: its path is what counts here.
    const target = new URL(headers.location ?? "", "http://registry");
    target.searchParams.set("digest", digest);
    const put = { body: content, type: "application/octet-stream" };
    await this.expect("upload a blob", 201, "PUT", target.pathname + target.search, put);
  }

  private async expect(what: string, code: number, ...request: Parameters<typeof this.ask>): Promise<Answer> {
    const answer = await this.ask(...request);
    if (answer.code !== code) throw this.refused(what, answer);
    return answer;
  }

  private refused(what: string, { code, body }: Pick<Answer, "code" | "body">): Problem {
    return problemOf({ what, code, body: body.toString() });
  }

  private path(rest: string): string {
    return `/v2/${this.repository}/${rest}`;
  }

  private async ask(
    method: string,
    path: string,
    { body, type, accept }: { body?: Buffer; type?: string; accept?: string } = {},
  ): Promise<Answer> {
    const { authorization } = this.access;
    const headers = {
      host: "registry",
      connection: "close",
      "content-length": body?.length ?? 0,
      ...(type && { "content-type": type }),
      ...(accept && { accept }),
      ...(authorization && { authorization }),
    };
    let socket: Duplex | undefined;
    try {
      const connected = (socket = await this.connected());
      return await new Promise<Answer>((resolve, reject) => {
        const signal = AbortSignal.timeout(limitMilliseconds);
        const options = { method, path, headers, signal, createConnection: () => connected };
        const request = http.request(options, (response) => {
          const { statusCode: code = 0, headers } = response;
          buffer(response).then((body) => resolve({ code, headers, body }), reject);
        });
        request.on("error", reject);
        connected.on("error", reject);
        request.end(body);
      });
    } catch (error) {
      const { message } = error as Error;
      const text = error instanceof UserError ? message : `the registry gives no answer: ${message}`;
      throw new Problem("unreachable", text);
    } finally {
      socket?.destroy();
    }
  }

  private async connected(): Promise<Duplex> {
    const socket = await this.access.connect();
    if (!this.access.isTls) return socket;
    // The API server and the pod's node vouch for the way there; the certificate is for names in the cluster's network.
    const secured = connectTls({ socket, rejectUnauthorized: false });
    socket.on("error", (error) => secured.destroy(error));
    return secured;
  }
}
