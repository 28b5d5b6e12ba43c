import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { buffer } from "node:stream/consumers";
import { digestOf } from "../../../prove/image";
import { httpServer, type LocalServer } from "../kubernetes/api-server";

/** Where fake registries keep what was pushed: several share one as pods share a volume. */
export type FakeStore = Map<string, Buffer>;

export interface Refusing {
  /** The start of the requests that are refused: `PUT /v2/NAME/blobs`. */
  readonly request: string;
  readonly code: number;
  readonly body?: string;
}

/** The part of a registry that a proof uses, as CNCF distribution answers it: what `repository` is pushed goes to the store. */
export async function fakeRegistry(
  store: FakeStore,
  {
    repository,
    refuses,
    redirectsTo,
    users,
  }: {
    readonly repository: string;
    readonly refuses?: Refusing | undefined;
    /** The object store that blobs are read from. @default here */
    readonly redirectsTo?: string | undefined;
    /** name:password of those who are let in. @default everybody */
    readonly users?: readonly string[] | undefined;
  },
): Promise<LocalServer> {
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const { method = "", url = "" } = request;
    const { pathname, searchParams } = new URL(url, "http://registry");
    const body = await buffer(request);
    const send = (code: number, content?: Buffer | string, headers = {}) =>
      response.writeHead(code, headers).end(content);
    const [, credentials = ""] = (request.headers.authorization ?? "").split("Basic ");
    if (users && !users.includes(Buffer.from(credentials, "base64").toString())) return send(401);
    if (refuses && `${method} ${pathname}`.startsWith(refuses.request))
      return send(refuses.code, refuses.body);
    const [, kind, rest = ""] =
      /^(manifests|blobs)\/(.*)$/.exec(pathname.slice(`/v2/${repository}/`.length)) ?? [];
    if (!pathname.startsWith(`/v2/${repository}/`)) return send(404);
    switch (`${method} ${kind}`) {
      case "POST blobs":
        return send(202, undefined, {
          location: `/v2/${repository}/blobs/uploads/${randomUUID()}?_state=signed`,
        });
      case "PUT blobs":
        store.set(searchParams.get("digest") ?? "", body);
        return send(searchParams.has("_state") ? 201 : 404);
      case "PUT manifests":
        store.set(digestOf(body), body);
        return send(201);
      case "DELETE manifests":
        return send(405, '{"errors":[{"code":"UNSUPPORTED","message":"The operation is unsupported."}]}');
      default: {
        const found = store.get(rest);
        if (found && kind === "blobs" && redirectsTo !== undefined)
          return send(307, undefined, { location: `${redirectsTo}/${rest}` });
        return found ? send(200, found) : send(404);
      }
    }
  };
  return httpServer((request, response) => void answer(request, response));
}
