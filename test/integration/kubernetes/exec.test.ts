import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { PassThrough } from "node:stream";
import { mock } from "node:test";
import { setImmediate } from "node:timers/promises";
import { execInPod } from "../../../kubernetes/exec";
import { connectionTo } from "../../unit/kubernetes/api-server";

/** RFC 6455. */
const ping = 9;
const guid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

describe("a command in a pod", () => {
  afterEach(() => mock.timers.reset());

  it("that prints nothing for long keeps its connection from being silent", async () => {
    mock.timers.enable({ apis: ["setInterval"] });
    // It ends as soon as somebody asks whether it still is there.
    const server = createServer().on("upgrade", ({ headers }, socket: Socket) => {
      const accept = createHash("sha1").update(`${headers["sec-websocket-key"]}${guid}`).digest("base64");
      socket.write(
        `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
          `Sec-WebSocket-Accept: ${accept}\r\nSec-WebSocket-Protocol: v4.channel.k8s.io\r\n\r\n`,
      );
      socket.on("data", (frame: Buffer) => {
        if ((frame[0]! & 15) !== ping || socket.writableEnded) return;
        const status = Buffer.from(`\u0003${JSON.stringify({ status: "Success" })}`);
        socket.end(Buffer.concat([Buffer.from([0x82, status.length]), status]));
      });
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
    try {
      const connection = connectionTo(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
      const address = { namespace: "image-registry", pod: "one", container: "registry" };
      let exitCode: number | undefined;
      const running = execInPod(connection, address, ["sleep"], { stdout: new PassThrough().resume() });
      void running.then((result) => ({ exitCode } = result));
      while (exitCode === undefined) {
        await setImmediate();
        mock.timers.tick(20_000);
      }
      assert.equal(exitCode, 0);
    } finally {
      server.close();
    }
  });
});
