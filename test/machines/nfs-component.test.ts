import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { NfsClientHost } from "../../components/nfs-client-host";
import { NfsExportHost, type NfsExportHostArgs } from "../../components/nfs-export-host";
import { checkConfiguration } from "../../config";
import { backendOf } from "../../backends";
import { type Engine, findEngine, Stacks } from "../../sandbox/engine";
import { readExport } from "../../backends/export";
import { changes, destroy, expectNoChanges, failure, preview, type StackRun, up } from "../support/engine";
import { clientNetworks, converge, exportPath, must, onMachines, serverSpec, unmount } from "./nfs-machines";

describe("the components on real hosts", function () {
  const machines = onMachines(this, "server", "client");
  const directory = mkdtempSync(join(tmpdir(), "nfs-component-"));
  const printed: string[] = [];
  after(() => rmSync(directory, { recursive: true }));

  before("nobody has mounted or exported anything", async () => {
    await unmount(machines().client);
    // Another stack's, as far as this one knows.
    await converge(machines().server, serverSpec({ force: true }), "remove");
  });

  let engine: Engine;
  before("finds the engine", async () => {
    engine = await findEngine(join(directory, "plugins"), { log: console.error });
  });

  const stack = (change: Partial<NfsExportHostArgs> = {}): StackRun => ({
    stacks: new Stacks(engine, directory, () => {
      const { server, client } = machines();
      const nfs = new NfsExportHost("nfs", {
        ...serverSpec(),
        cluster: "prod",
        connection: server.ssh,
        ...change,
      });
      new NfsClientHost("node-1", {
        connection: client.ssh,
        server: nfs.server.apply(() => server.networkAddress),
        path: exportPath,
      });
      return Promise.resolve();
    }),
    stack: "dev",
    overlay: {},
    secrets: () => {
      const { server, client } = machines();
      const keys = [server, client].map(({ ssh }) => ssh.privateKey.split("\n")[1]);
      return Promise.resolve({ "the server's key": keys[0] ?? "", "the client's key": keys[1] ?? "" });
    },
    log: (line) => printed.push(line),
  });
  /** What the tests themselves ask goes over one connection. */
  const sessions = async () =>
    Number(await must(machines().server, "journalctl -u ssh -g 'Accepted' -o cat --no-pager | wc -l"));

  it("aborts on a wrong host key before it authenticates", async () => {
    const { server, client } = machines();
    const before = await sessions();
    const error = await failure(up(stack({ connection: { ...server.ssh, hostKey: client.ssh.hostKey } })));
    assert.match(error.message + printed.join("\n"), /[Hh]ost key verification failed|host key mismatch/);
    assert.equal(await sessions(), before);
  });

  it("refuses hostile values before any connection", async () => {
    const before = await sessions();
    for (const path of ["/srv/$(touch /x)", "/srv/a\n/ *(rw)", "/srv/a b", "/srv/'"]) {
      await failure(up(stack({ export: { ...serverSpec().export, path } })));
    }
    await failure(up(stack({ export: { ...serverSpec().export, clients: ["0.0.0.0/0"] } })));
    assert.equal(await sessions(), before);
    await must(machines().server, "test ! -e /x");
  });

  it("serves and mounts in one up, over one connection to a host; a second one opens none", async () => {
    const asked = await sessions();
    const first = await up(stack());
    assert.equal(await sessions(), asked + 1);
    assert.deepEqual(
      first.steps.filter(({ type }) => type === "command:remote:Command").map(({ op }) => op),
      ["create", "create"],
    );
    const before = await sessions();
    assert.deepEqual(changes(await up(stack())), []);
    assert.equal(await sessions(), before);
  });

  it("is asked what it serves, and how much room there is", async () => {
    const { server } = machines();
    const { host: address, privateKey: sshPrivateKey, ...reached } = server.ssh;
    const { clients, uid, gid } = serverSpec().export;
    const host = { ...reached, address, clients, uid, gid };
    const nfs = { server: server.networkAddress, path: exportPath, size: "1Gi", host };
    const raw = { context: "none", backend: "nfs", nfs, sshPrivateKey };
    const shown = await readExport(backendOf(checkConfiguration(raw, "test")));
    assert.deepEqual([...(shown?.host?.clients ?? [])].sort(), [...clientNetworks].sort(), shown?.problem);
    const { size = 0, free = 0 } = shown?.host ?? {};
    assert.ok(free > 0 && free < size, `${free} of ${size}`);
  });

  it("reaches a host through a bastion, and checks both keys", async () => {
    const { server, client } = machines();
    const behind = { ...server.ssh, host: server.networkAddress, port: 22 };
    await up(stack({ connection: { ...behind, proxy: client.ssh } }));
    const wrong = { ...client.ssh, hostKey: server.ssh.hostKey };
    const error = await failure(up(stack({ connection: { ...behind, proxy: wrong } })));
    assert.match(error.message + printed.join("\n"), /[Hh]ost key verification failed|host key mismatch/);
    await up(stack());
  });

  it("updates in place when clients change, and finds and mends drift when it verifies", async () => {
    const moreClients = { ...serverSpec().export, clients: [...clientNetworks, "10.97.5.0/24"] };
    const verified = (change = {}) => stack({ export: moreClients, verify: true, ...change });
    const { steps } = await up(verified());
    assert.ok(steps.some(({ op, name }) => op === "update" && name.startsWith("nfs-registry-")));
    await expectNoChanges(verified());

    await must(machines().server, "exportfs -u 10.97.5.0/24:/srv/registry");
    for (const operation of [preview, up]) {
      const error = await failure(operation(verified()));
      assert.match(error.message, /verifyHosts: host 127\..* was changed by hand:$/m);
      assert.match(error.message, /^differs: exported table: 10\.97\.5\.0\/24 is not served$/m);
    }
    const mending = verified({ reapply: "once more" });
    assert.ok((await preview(mending)).steps.some(({ op }) => op === "update"));
    await up(mending);
    await expectNoChanges(mending);
  });

  it("makes the export of a new path before it takes the old one away", async () => {
    await up(stack());
    const { steps } = await up(stack({ export: { ...serverSpec().export, path: "/srv/moved" } }));
    const changes = steps
      .filter(({ op, name }) => op !== "same" && name.startsWith("nfs-registry-"))
      .map(({ op }) => op);
    assert.deepEqual(changes, ["create", "delete"]);
    assert.match(await must(machines().server, "exportfs -s"), /^\/srv\/moved /m);
    assert.doesNotMatch(await must(machines().server, "exportfs -s"), /^\/srv\/registry /m);
  });

  it("removes the export on destroy", async () => {
    await unmount(machines().client);
    await destroy(stack());
    assert.doesNotMatch(await must(machines().server, "exportfs -s"), /\/srv\/(moved|registry)/);
  });
});
