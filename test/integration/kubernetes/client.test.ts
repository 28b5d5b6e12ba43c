import assert from "node:assert/strict";
import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { text } from "node:stream/consumers";
import { gzipSync } from "node:zlib";
import { ClusterClient, type ClusterError } from "../../../kubernetes/client";
import {
  connectionTo,
  failingRead,
  httpServer,
  type LocalServer,
  tcpServer,
} from "../../unit/kubernetes/api-server";

const json = (response: ServerResponse, body: unknown, code = 200, headers = {}) =>
  response.writeHead(code, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));

describe("the client of the API server", function () {
  this.timeout(60_000); // on a busy machine
  let servers: LocalServer[] = [];
  afterEach(async () => {
    await Promise.all(servers.map((server) => server.close()));
    servers = [];
  });

  async function serving(answer: RequestListener, user?: object): Promise<ClusterClient> {
    const server = await httpServer(answer);
    servers.push(server);
    return new ClusterClient(connectionTo(`http://127.0.0.1:${server.port}`, user));
  }

  it("reads an object with one request, in its namespace", async () => {
    const asked: unknown[] = [];
    const client = await serving((request, response) => {
      asked.push(request.url);
      json(response, { metadata: { name: "image-registry" } });
    });
    const found = await client.get("apps/v1", "Deployment", "image-registry", "openshift-image-registry");
    assert.equal(found?.metadata?.name, "image-registry");
    assert.deepEqual(asked, ["/apis/apps/v1/namespaces/openshift-image-registry/deployments/image-registry"]);
  });

  it("has nothing where the cluster has no such object or kind", async () => {
    const client = await serving((_, response) => json(response, { message: "not found" }, 404));
    assert.equal(await client.get("v1", "Node", "none"), undefined);
    assert.equal(await client.list("route.openshift.io/v1", "Route", "default"), undefined);
    assert.equal(await client.anyObject("image.openshift.io/v1", "Image", () => true), undefined);
  });

  it("lists page by page what a selector chooses, and unpacks what comes packed", async () => {
    const asked: URLSearchParams[] = [];
    const client = await serving((request, response) => {
      const { searchParams } = new URL(request.url ?? "", "http://cluster");
      asked.push(searchParams);
      const last = searchParams.has("continue");
      const page = {
        items: [{ metadata: { name: last ? "b" : "a" } }],
        metadata: { continue: last ? "" : "x/y" },
      };
      response.writeHead(200, { "content-encoding": "gzip" }).end(gzipSync(JSON.stringify(page)));
    });
    const pods = await client.list("v1", "Pod", "default", { labelSelector: "docker-registry=default" });
    assert.deepEqual(
      pods?.map(({ metadata }) => metadata?.name),
      ["a", "b"],
    );
    assert.deepEqual(
      asked.map((query) => [query.get("labelSelector"), query.get("limit"), query.get("continue")]),
      [
        ["docker-registry=default", "500", null],
        ["docker-registry=default", "500", "x/y"],
      ],
    );
  });

  it("looks at metadata alone for any object of a kind, and no further than the page that has it", async () => {
    const accepted: unknown[] = [];
    const client = await serving((request, response) => {
      accepted.push(request.headers.accept);
      json(response, {
        items: [{ metadata: { name: `page-${accepted.length}` } }],
        metadata: { continue: "more" },
      });
    });
    const second = await client.anyObject("v1", "Node", ({ metadata }) => metadata?.name === "page-2");
    assert.equal(second, true);
    assert.equal(accepted.length, 2);
    assert.equal(await client.anyObject("v1", "Node", () => false, 1), undefined, "it looked no further");
    assert.match(
      String(accepted[0]),
      /^application\/json;as=PartialObjectMetadataList;g=meta\.k8s\.io;v=v1,/,
    );
  });

  it("finds none in a list without items, as the API server writes an empty one", async () => {
    const client = await serving((_, response) => json(response, { items: null, metadata: {} }));
    assert.deepEqual(await client.list("v1", "Pod", "default"), []);
    assert.equal(await client.anyObject("v1", "Pod", () => true), false);
  });

  for (const code of [429, 503]) {
    it(`asks again after a single ${code}, when the server says to`, async () => {
      let asked = 0;
      const client = await serving((_, response) => {
        if (asked++ === 0) json(response, { message: "busy" }, code, { "retry-after": "0" });
        else json(response, { metadata: { name: "worker" } });
      });
      assert.equal((await client.get("v1", "Node", "worker"))?.metadata?.name, "worker");
    });
  }

  it("gives up on a server that is always busy, with what it says", async () => {
    const client = await serving((_, response) =>
      json(response, { message: "etcd is down" }, 503, { "retry-after": "0" }),
    );
    await assert.rejects(client.get("v1", "Node", "worker"), (error: ClusterError) => {
      assert.match(error.message, /answered 503: etcd is down$/);
      return error.transient && error.code === 503;
    });
  });

  it("does not wait for a server longer than for its answer", async () => {
    const client = await serving((_, response) =>
      json(response, { message: "later" }, 503, { "retry-after": "3600" }),
    );
    await assert.rejects(client.get("v1", "Node", "worker"), /answered 503: later/);
  });

  it("deletes only the object that it means, with a body that the server can tell from the next request", async () => {
    const asked: unknown[] = [];
    const client = await serving((request, response) => {
      void text(request).then((body) => {
        asked.push([request.method, body && (JSON.parse(body) as { preconditions: unknown }).preconditions]);
        json(response, {});
      });
    });
    await client.delete({ apiVersion: "v1", kind: "Pod", metadata: { name: "a", namespace: "b", uid: "c" } });
    await client.get("v1", "Pod", "a", "b");
    assert.deepEqual(asked, [
      ["DELETE", { uid: "c" }],
      ["GET", ""],
    ]);
  });

  it("leaves alone what has the name of the object that it would delete, and is another one", async () => {
    const client = await serving((_, response) =>
      json(response, { message: "Precondition failed: UID" }, 409),
    );
    await client.delete({ apiVersion: "v1", kind: "Pod", metadata: { name: "a", namespace: "b", uid: "c" } });
  });

  it("says who may not, and whose credentials have expired", async () => {
    const answers: [number, string][] = [
      [403, 'nodes is forbidden: User "x" cannot list'],
      [401, "Unauthorized"],
    ];
    const client = await serving((_, response) => {
      const [code, message] = answers.shift()!;
      json(response, { message }, code);
    });
    await assert.rejects(
      client.list("v1", "Node"),
      /forbids it: nodes is forbidden.*; grant the stack's user this right/,
    );
    await assert.rejects(
      client.list("v1", "Node"),
      /does not accept the kubeconfig's credentials \(401 Unauthorized\)/,
    );
  });

  const user = { token: "bearer", as: "admin" };
  it("says who asks", async () => {
    let headers: IncomingMessage["headers"] = {};
    const client = await serving((request, response) => {
      headers = request.headers;
      json(response, {});
    }, user);
    await client.get("v1", "Node", "worker");
    assert.equal(headers.authorization, "Bearer bearer");
    assert.equal(headers["impersonate-user"], "admin");
  });

  const head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n";
  const hanging: Record<string, [protocol: string, answer: (socket: Socket) => void]> = {
    "accepts and never answers": ["http", () => {}],
    "never ends the TLS handshake": ["https", () => {}],
    "stops in the headers": ["http", (socket) => socket.write(head)],
    "stops in the body": ["http", (socket) => socket.write(`${head}content-length: 100\r\n\r\n{"items":`)],
    "stops in a packed body": [
      "http",
      (socket) => {
        socket.write(`${head}content-encoding: gzip\r\ncontent-length: 100\r\n\r\n`);
        socket.write(gzipSync("{}").subarray(0, 12));
      },
    ],
    "never comes to the end of the body": [
      "http",
      (socket) => {
        socket.write(`${head}transfer-encoding: chunked\r\n\r\n`);
        const drip = setInterval(() => socket.write("1\r\n \r\n"), 10);
        socket.on("close", () => clearInterval(drip));
      },
    ],
  };
  for (const [what, [protocol, answer]] of Object.entries(hanging)) {
    it(`lets go of a server that ${what}, and the process ends`, async () => {
      const server = await tcpServer((socket) => socket.once("data", () => answer(socket)));
      servers.push(server);
      const address = `${protocol}://127.0.0.1:${server.port}`;
      const { code, output } = await failingRead(
        connectionTo(address, {}, { "insecure-skip-tls-verify": true }),
      );
      assert.equal(code, 0);
      assert.match(
        output,
        /^cannot reach the cluster of context "test" .*: no answer within 0\.3 s; check the address/,
      );
    });
  }
});
