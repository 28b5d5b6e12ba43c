import assert from "node:assert/strict";
import { connect, type Socket } from "node:net";
import { ClusterClient } from "../../../kubernetes/client";
import {
  connectionTo,
  failingRead,
  httpServer,
  type LocalServer,
  tcpServer,
} from "../../unit/kubernetes/api-server";

const name = "api.prod.invalid";

describe("a proxy before the API server", function () {
  this.timeout(60_000); // on a busy machine
  const servers: LocalServer[] = [];
  afterEach(async () => {
    await Promise.all(servers.splice(0).map((server) => server.close()));
  });

  /** A proxy that does with a connection asked of it (CONNECT) what is said, and what was asked of it. */
  async function proxy(tunnel: (client: Socket) => void): Promise<{ url: string; asked: string[] }> {
    const asked: string[] = [];
    const server = await tcpServer((client) =>
      client.once("data", (data) => {
        asked.push(data.toString().split(" HTTP")[0]!);
        tunnel(client);
      }),
    );
    servers.push(server);
    return { url: `http://127.0.0.1:${server.port}`, asked };
  }

  async function leadingTo(answer: object) {
    const server = await httpServer((_, response) => response.end(JSON.stringify(answer)));
    servers.push(server);
    return proxy((client) => {
      client.write("HTTP/1.1 200 Connection established\r\n\r\n");
      client.pipe(connect(server.port, "127.0.0.1")).pipe(client);
    });
  }

  it("that the kubeconfig names comes before the environment's", async () => {
    const { url, asked } = await leadingTo({ metadata: { name: "worker" } });
    const client = new ClusterClient(connectionTo(`http://${name}:8080`, {}, { "proxy-url": url }));
    assert.equal((await client.get("v1", "Node", "worker"))?.metadata?.name, "worker");
    assert.deepEqual(asked, [`CONNECT ${name}:8080`]);
  });

  it("that the environment names is asked for the server, by name", async () => {
    const { url, asked } = await proxy((client) => client.end("HTTP/1.1 502 Bad Gateway\r\n\r\n"));
    const { output } = await failingRead(connectionTo(`https://${name}:6443`), { HTTPS_PROXY: url });
    assert.deepEqual(asked, [`CONNECT ${name}:6443`]);
    assert.match(output, /Bad response: 502/);
  });

  it("is not asked for what NO_PROXY excepts", async () => {
    const { url, asked } = await proxy((client) => client.destroy());
    await failingRead(connectionTo(`https://${name}:6443`), { HTTPS_PROXY: url, NO_PROXY: ".prod.invalid" });
    assert.deepEqual(asked, []);
  });

  for (const server of [`https://${name}:6443`, `http://${name}:8080`]) {
    it(`that accepts and never answers is let go of, and the process ends (${server})`, async () => {
      const { url } = await proxy(() => {});
      const { code, output } = await failingRead(connectionTo(server, {}, { "proxy-url": url }));
      assert.equal(code, 0);
      assert.match(output, /no answer within 0\.3 s|Proxy timeout/);
    });
  }
});
