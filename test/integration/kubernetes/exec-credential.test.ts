import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { ClusterClient } from "../../../kubernetes/client";
import { connectionTo, failingRead, httpServer, type LocalServer } from "../../unit/kubernetes/api-server";

const apiVersion = "client.authentication.k8s.io/v1";

describe("a kubeconfig's plugin", function () {
  this.timeout(30_000); // on a busy machine
  let folder: string;
  let server: LocalServer;
  let accepted: (authorization: string | undefined) => boolean;
  let asked: (string | undefined)[];
  beforeEach(async () => {
    folder = mkdtempSync(path.join(tmpdir(), "image-registry-plugin-"));
    accepted = () => true;
    asked = [];
    server = await httpServer((request, response) => {
      asked.push(request.headers.authorization);
      response.writeHead(accepted(request.headers.authorization) ? 200 : 401);
      response.end(JSON.stringify({ metadata: { name: "worker" }, message: "Unauthorized" }));
    });
  });
  afterEach(async () => {
    await server.close();
    rmSync(folder, { recursive: true });
  });

  const inFolder = (name: string) => path.join(folder, name);
  function client(script: string, options: object = {}): ClusterClient {
    const command = inFolder("plugin");
    writeFileSync(command, `#!/bin/sh\n${script}\n`);
    chmodSync(command, 0o755);
    const exec = { apiVersion, command, ...options };
    return new ClusterClient(connectionTo(`http://127.0.0.1:${server.port}`, { exec }));
  }
  const giving = (status: object) =>
    `echo '${JSON.stringify({ apiVersion, kind: "ExecCredential", status })}'`;

  it("says who asks, and is run once for many requests", async () => {
    const cluster = client(`echo run >>${inFolder("runs")}; ${giving({ token: "from-plugin" })}`);
    await cluster.get("v1", "Node", "worker");
    await cluster.get("v1", "Node", "worker");
    assert.deepEqual(asked, ["Bearer from-plugin", "Bearer from-plugin"]);
    assert.equal(readFileSync(inFolder("runs"), "utf8"), "run\n");
  });

  it("is run again when what it gave has expired", async () => {
    const expired = giving({ token: "old", expirationTimestamp: "2020-01-01T00:00:00Z" });
    const cluster = client(`echo run >>${inFolder("runs")}; ${expired}`);
    await cluster.get("v1", "Node", "worker");
    await cluster.get("v1", "Node", "worker");
    assert.equal(readFileSync(inFolder("runs"), "utf8"), "run\nrun\n");
  });

  it("is run again when the API server refuses what it gave", async () => {
    accepted = (authorization) => authorization === "Bearer second";
    const cluster = client(
      `if [ -e ${inFolder("ran")} ]; then ${giving({ token: "second" })}; else touch ${inFolder("ran")}; ${giving({ token: "first" })}; fi`,
    );
    assert.equal((await cluster.get("v1", "Node", "worker"))?.metadata?.name, "worker");
  });

  it("is told in KUBERNETES_EXEC_INFO what it is for, and gets its own variables", async () => {
    const cluster = client(
      `echo "$KUBERNETES_EXEC_INFO" >${inFolder("info")}; echo "$1 $ROLE" >${inFolder("call")}; ${giving({ token: "t" })}`,
      { provideClusterInfo: true, args: ["login"], env: [{ name: "ROLE", value: "admin" }] },
    );
    await cluster.get("v1", "Node", "worker");
    assert.deepEqual(JSON.parse(readFileSync(inFolder("info"), "utf8")), {
      apiVersion,
      kind: "ExecCredential",
      spec: { interactive: false, cluster: { server: `http://127.0.0.1:${server.port}` } },
    });
    assert.equal(readFileSync(inFolder("call"), "utf8"), "login admin\n");
  });

  const failing: [what: string, script: string, message: RegExp][] = [
    [
      "fails",
      "echo 'your session has expired: run oc login' >&2; exit 3",
      /failed \(exit code 3\): your session has expired: run oc login$/,
    ],
    ["gives something else", "echo hello", /gave no ExecCredential$/],
    ["gives nothing", giving({}), /gave neither a token nor a certificate/],
    [
      "is of another version",
      giving({ token: "t" }).replace("k8s.io/v1", "k8s.io/v1beta1"),
      /gave a ExecCredential of .*v1beta1, not of .*v1$/,
    ],
  ];
  for (const [what, script, message] of failing) {
    it(`that ${what} ends the run at once, with what it said`, async () => {
      await assert.rejects(
        client(script).get("v1", "Node", "worker"),
        (error: Error & { transient?: boolean }) => {
          assert.match(error.message, message);
          return error.transient === false;
        },
      );
      assert.deepEqual(asked, []);
    });
  }

  it("that waits for somebody to answer it is ended, and all that it started", async () => {
    const exec = { apiVersion, command: "sh", args: ["-c", "echo 'open a browser' >&2; sleep 600 | cat"] };
    const { code, output } = await failingRead(connectionTo(`http://127.0.0.1:${server.port}`, { exec }));
    assert.equal(code, 0);
    assert.match(output, /plugin "sh" did not end within 0\.3 s: open a browser$/m);
  });

  it("that is not installed is named, with how to get it", async () => {
    const cluster = client("", { command: "no-such-plugin", installHint: "dnf install no-such-plugin" });
    await assert.rejects(
      cluster.get("v1", "Node", "worker"),
      /plugin "no-such-plugin" is not installed: dnf install no-such-plugin$/,
    );
  });
});
