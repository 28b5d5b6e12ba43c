import assert from "node:assert/strict";
import { once } from "node:events";
import { connect as connectTcp } from "node:net";
import { checkConfiguration } from "../../../config";
import type { V1Pod } from "@kubernetes/client-node";
import type { Login } from "../../../prove/login";
import { proofImage } from "../../../prove/image";
import { type Proof, prove } from "../../../prove/prove";
import { connectionTo, httpServer, type LocalServer } from "../kubernetes/api-server";
import { liveStandalone, rolledOut, standalonePlan } from "../support/standalone-fixtures";
import { emptyDir, onClaim } from "../support/fixtures";
import { type FakeStore, fakeRegistry, type Refusing } from "./fake-registry";

const { manifest, blobs } = proofImage();
const digests = [manifest, ...blobs].map(({ digest }) => digest).sort();

interface Fault {
  /** Other than a claim: where images are. */
  readonly storage?: ReturnType<typeof onClaim>;
  /** The first pod's registry refuses this. */
  readonly refuses?: Refusing;
  /** What the pod that comes after finds of what was pushed. */
  readonly after?: (store: FakeStore) => FakeStore;
  readonly noPods?: boolean;
  readonly login?: Login;
  /** Its blobs are read from here. */
  readonly redirectsTo?: string;
  readonly asked?: Record<string, unknown>;
  readonly nothingListens?: boolean;
}

describe("npm run prove", () => {
  const servers: LocalServer[] = [];
  afterEach(async () => {
    await Promise.all(servers.splice(0).map((server) => server.close()));
  });

  /** A proof on a cluster with one pod; deleted pods are followed by others. */
  async function proof(fault: Fault = {}): Promise<Proof & { deleted: string[]; store: FakeStore }> {
    const { storage = onClaim("images"), after = (store: FakeStore) => store } = fault;
    const repository = "image-registry-proof";
    const store: FakeStore = new Map();
    const open = async (server: Promise<LocalServer>) => {
      servers.push(await server);
      return (await server).port;
    };
    const deployment = rolledOut(standalonePlan({ replicas: 1, storage }));
    let pods = fault.noPods ? [] : [readyPod("first")];
    const deleted: string[] = [];
    const apiServer = await open(
      httpServer((request, response) => {
        const { pathname } = new URL(request.url ?? "", "http://cluster");
        if (request.method === "DELETE") {
          deleted.push(pathname.split("/").at(-1) ?? "");
          pods = [readyPod("second")];
        }
        const lists: Record<string, unknown[]> = { pods, endpointslices: [] };
        const items = lists[pathname.split("/").at(-1) ?? ""];
        const found = pathname.endsWith("/deployments/image-registry") ? deployment : items && { items };
        response.writeHead(found || request.method === "DELETE" ? 200 : 404).end(JSON.stringify(found ?? {}));
      }),
    );
    const { refuses, redirectsTo } = fault;
    const ports: Record<string, () => Promise<number>> = {
      first: () =>
        open(
          fakeRegistry(store, { repository, refuses, redirectsTo, users: fault.login && ["alice:correct"] }),
        ),
      second: () =>
        open(
          fakeRegistry(after(store), { repository, redirectsTo, users: fault.login && ["alice:correct"] }),
        ),
    };
    const connection = connectionTo(`http://127.0.0.1:${apiServer}`);
    const asked = storage.emptyDir
      ? { backend: "emptyDir" }
      : { backend: "pvc", pvc: { claim: "images" }, replicas: 1 };
    const config = checkConfiguration(
      { ...connection, ...asked, ...fault.asked, platform: "standalone" },
      "test",
    );
    const seen = await prove(config, () => {}, {
      login: fault.login,
      connect: async (_, { pod }) => {
        const socket = connectTcp(fault.nothingListens ? 1 : await ports[pod]!(), "127.0.0.1");
        await once(socket, "connect");
        return socket;
      },
    });
    return { ...seen, deleted, store };
  }

  it("says that a registry keeps what was pushed, once another pod gave all of it back", async () => {
    const { keeps, problem, deleted, steps, storage, leftBehind, store } = await proof();
    assert.equal(problem, undefined);
    assert.ok(keeps);
    assert.equal(storage, 'pvc "images"');
    assert.deepEqual(deleted, ["first"]);
    assert.deepEqual([...store.keys()].sort(), digests);
    assert.deepEqual(
      steps.map(({ did }) => did),
      [
        "push to pod first",
        "read it back from first",
        "delete pod first and wait for another",
        "read it back from second",
      ],
    );
    assert.match(
      leftBehind.join(),
      /image-registry-proof:latest \(1\.0 MiB in the store\).*another proof adds nothing/,
    );
  });

  it("pushes the same image every time, so that proofs do not fill a store", () => {
    assert.deepEqual(proofImage(), { manifest, blobs });
  });

  it("does not delete the pod that has the images in its emptyDir, and says why", async () => {
    const { keeps, problem, deleted } = await proof({ storage: emptyDir });
    assert.ok(!keeps);
    assert.equal(problem?.kind, "emptyDir");
    assert.match(problem.message, /emptyDir of pod first.*not deleted; set backend/s);
    assert.deepEqual(deleted, []);
  });

  it("finds that the next pod does not have what was pushed", async () => {
    const { keeps, problem } = await proof({ after: () => new Map() });
    assert.ok(!keeps);
    assert.equal(problem?.kind, "lost");
    assert.match(problem.message, new RegExp(`pod second does not have ${manifest.digest}`));
  });

  it("finds that a blob is not what was pushed", async () => {
    const broken = (store: FakeStore) => new Map(store).set(blobs[1]!.digest, Buffer.from("rotten"));
    const { problem } = await proof({ after: broken });
    assert.equal(problem?.kind, "lost");
    assert.match(problem.message, /pod second gives sha256:.* where sha256:.* was pushed/);
  });

  // As CNCF distribution 3.1.2 and 2.8 answer.
  const full =
    '{"errors":[{"code":"UNKNOWN","message":"unknown error","detail":"write /registry/docker/data: no space left on device"}]}';
  const foreign =
    '{"errors":[{"code":"UNKNOWN","message":"unknown error","detail":{"DriverName":"filesystem","Enclosed":{"Op":"mkdir","Path":"/registry/docker","Err":13}}}]}';
  const store501 =
    '{"errors":[{"code":"UNKNOWN","message":"unknown error","detail":"s3aws: NotImplemented: A header you provided implies functionality that is not implemented status code: 501"}]}';
  const faults = [
    [
      "a full storage",
      { request: "PUT /v2/image-registry-proof/blobs", code: 500, body: full },
      /storage is full/,
    ],
    ["a directory of another owner", { request: "POST", code: 500, body: foreign }, /owner or mode/],
    ["an object store that lacks what is asked", { request: "PUT", code: 500, body: store501 }, /\(501\)/],
    ["a storage that is away", { request: "POST", code: 503, body: "" }, /cannot reach its storage/],
  ] as const;
  for (const [what, refuses, message] of faults) {
    it(`tells ${what} from a registry that cannot be reached`, async () => {
      const { problem, deleted } = await proof({ refuses });
      assert.equal(problem?.kind, "cannot write");
      assert.match(problem.message, message);
      assert.deepEqual(deleted, []);
    });
  }

  it("tells a push that is not allowed, and a registry that is read-only", async () => {
    const forbidden = await proof({ refuses: { request: "POST", code: 403 } });
    assert.equal(forbidden.problem?.kind, "refused");
    assert.match(forbidden.problem.message, /access\/prove\.yaml/);
    const readOnly = await proof({ refuses: { request: "POST", code: 405 } });
    assert.match(readOnly.problem?.message ?? "", /read-only \(registry\.readOnly\)/);
  });

  it("logs in where the registry has users of its own, and says how where nobody does", async () => {
    const login = { username: "alice", password: "correct" };
    assert.ok((await proof({ login })).keeps);
    const { problem } = await proof({ login: { ...login, password: "wrong" } });
    assert.equal(problem?.kind, "refused");
    assert.match(problem.message, /--username and --password-stdin/);
  });

  it("reads blobs where an object store's registry sends it, and says so where it does not get there", async () => {
    const server = await httpServer((request, response) => {
      const digest = request.url?.slice(1) ?? "";
      response.end(blobs.find((blob) => blob.digest === digest)?.content);
    });
    servers.push(server);
    const reached = await proof({ redirectsTo: `http://127.0.0.1:${server.port}` });
    assert.ok(reached.keeps);
    assert.deepEqual(reached.unread, []);
    const inside = await proof({ redirectsTo: "http://127.0.0.1:1" });
    assert.ok(inside.keeps);
    assert.match(inside.unread.join(), /is there, and was not read: .*127\.0\.0\.1:1, which/);
    const other = await httpServer((_, response) => void response.end("other"));
    servers.push(other);
    assert.equal((await proof({ redirectsTo: `http://127.0.0.1:${other.port}` })).problem?.kind, "lost");
  });

  it("needs no look at the bucket of an ObjectBucketClaim, whose keys its user may not read", async () => {
    const asked = { backend: "s3", s3: { objectBucketClaim: "images" }, pvc: undefined };
    assert.ok((await proof({ asked })).keeps);
  });

  it("says what an upload that was cut leaves behind, and nothing where none was begun", async () => {
    const { leftBehind } = await proof({ refuses: { request: "PUT", code: 500, body: full } });
    assert.match(leftBehind.join(), /an upload that was cut/);
    assert.deepEqual((await proof({ refuses: { request: "POST", code: 500 } })).leftBehind, []);
  });

  it("says that no pod runs, or that nothing answers in it", async () => {
    const down = await proof({ noPods: true });
    assert.equal(down.problem?.kind, "unreachable");
    assert.match(down.problem.message, /no pod of the registry runs/);
    const deaf = await proof({ nothingListens: true });
    assert.equal(deaf.problem?.kind, "unreachable");
  });
});

function readyPod(name: string): V1Pod {
  return {
    metadata: { name, uid: `${name}-uid`, namespace: liveStandalone().namespace?.metadata?.name },
    status: { phase: "Running", conditions: [{ type: "Ready", status: "True" }] },
  };
}
