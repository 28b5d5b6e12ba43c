import assert from "node:assert/strict";

import * as pulumi from "@pulumi/pulumi";

import { NfsClientHost, type NfsClientHostArgs } from "../../../components/nfs-client-host";
import { NfsExportHost, type NfsExportHostArgs } from "../../../components/nfs-export-host";
import { UserError } from "../../../errors";
import { fakeSsh } from "../hosts/fake-ssh";
import { recordCommands } from "../support/commands";
import { isSecret } from "../support/monitor";

const hostKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIE1hZGVVcEtleU9mTm9Ib3N0SW5UaGVXb3JsZDAwMDAw";
const connection = { host: "10.0.0.1", privateKey: "the private key", hostKey };
const serverArgs: NfsExportHostArgs = {
  cluster: "prod",
  connection,
  export: { id: "registry", path: "/srv/registry", clients: ["10.0.0.0/24"], uid: 5000, gid: 5000 },
};
const clientArgs: NfsClientHostArgs = { connection, server: "10.0.0.1", path: "/srv/registry" };

const server = (change: Partial<NfsExportHostArgs> = {}, opts?: pulumi.ComponentResourceOptions) =>
  recordCommands(() => new NfsExportHost("nfs", { ...serverArgs, ...change }, opts));

const client = (change: Partial<NfsClientHostArgs> = {}) =>
  recordCommands(() => new NfsClientHost("node-1", { ...clientArgs, ...change }));

/** Refused while the component is made: nothing was registered yet, so nothing could connect. */
async function refused(make: () => unknown, message: RegExp): Promise<void> {
  await recordCommands(() => {
    assert.throws(make, (error) => {
      assert.ok(error instanceof UserError, String(error));
      assert.match(error.message, message);
      return true;
    });
  }).then((commands) => assert.deepEqual(commands, []));
}

describe("NfsExportHost", () => {
  it("creates and updates by applying, deletes by removing, and never replaces itself", async () => {
    const [command, ...others] = await server();
    assert.ok(command);
    assert.deepEqual(others, []);
    assert.match(String(command.inputs.create), / bash apply;/);
    assert.equal(command.inputs.update, command.inputs.create);
    assert.match(String(command.inputs.delete), / bash remove;/);
    assert.equal(command.inputs.triggers, undefined, "triggers would remove the export they replace");
    assert.equal(command.inputs.environment, undefined, "sshd drops what AcceptEnv does not name");
    assert.equal(command.inputs.addPreviousOutputInEnv, false);
    assert.equal(command.deleteBeforeReplace, true);
  });

  it("sends the values on stdin, and none in the command that a failure prints", async () => {
    const [command] = await server();
    assert.match(String(command?.inputs.stdin), /^EXPORT_PATH='\/srv\/registry'$/m);
    for (const key of ["create", "update", "delete"])
      assert.doesNotMatch(String(command?.inputs[key]), /srv/);
  });

  it("keeps private keys and their passwords secret, and nothing secret in the script", async () => {
    const proxy = { ...connection, host: "bastion", privateKeyPassword: "second password" };
    const [command] = await server({
      connection: { ...connection, privateKeyPassword: "the password", proxy },
    });
    // @pulumi/command lifts the secret: the whole connection travels and is stored encrypted.
    assert.ok(isSecret(command?.inputs.connection));
    const { value } = command?.inputs.connection as {
      value: { hostKey: string; proxy: { hostKey: string } };
    };
    assert.deepEqual([value.hostKey, value.proxy.hostKey], [hostKey, hostKey]);
    assert.doesNotMatch(String(command?.inputs.stdin), /private key|password/);
  });

  it("refuses to connect anywhere without a host key, bastion included", async () => {
    const withoutKey = { ...connection, hostKey: undefined as unknown as string };
    await refused(
      () => new NfsExportHost("nfs", { ...serverArgs, connection: withoutKey }),
      /^connection\.hostKey: is missing/,
    );
    await refused(
      () => new NfsExportHost("nfs", { ...serverArgs, connection: { ...connection, proxy: withoutKey } }),
      /^connection\.proxy\.hostKey: is missing; .*ssh-keyscan -t ed25519/,
    );
    await refused(
      () => new NfsExportHost("nfs", { ...serverArgs, connection: { ...connection, hostKey: "SHA256:abc" } }),
      /hostKey: this is no SSH public key/,
    );
  });

  it("refuses a user whom ssh would take for an option", async () => {
    const option = { ...connection, user: "-oProxyCommand=touch /x" };
    await refused(
      () => new NfsExportHost("nfs", { ...serverArgs, connection: option }),
      /^connection\.user: /,
    );
  });

  it("refuses hostile values before any connection", async () => {
    const hostile: [Partial<NfsExportHostArgs["export"]>, RegExp][] = [
      [{ path: "/srv/$(touch /x)" }, /^nfs\.path: /],
      [{ path: "/srv/registry\n/ *(rw)" }, /^nfs\.path: /],
      [{ path: '/srv/"registry"' }, /^nfs\.path: /],
      [{ path: "/srv/the registry" }, /^nfs\.path: /],
      [{ path: "/srv/registry#1" }, /^nfs\.path: /],
      [
        { clients: ["10.0.0.0/24", "0.0.0.0/0"] },
        /^nfs\.clients\[1\]: "0\.0\.0\.0\/0" opens the export to every host/,
      ],
      [{ clients: ["10.0.0.0/24 (rw)"] }, /^nfs\.clients\[0\]: /],
      [{ mode: "0777" }, /^nfs\.mode: "0777" lets every user write/],
      [{ uid: 0 }, /^nfs\.uid: 0 is root/],
      [{ security: "sys,no_root_squash" }, /^nfs\.security: /],
    ];
    for (const [change, message] of hostile) {
      const args = { ...serverArgs, export: { ...serverArgs.export, ...change } };
      await refused(() => new NfsExportHost("nfs", args), message);
    }
  });

  it("is another resource when the path changes, and the same one when clients or options do", async () => {
    const name = async (change: Partial<NfsExportHostArgs>) => (await server(change))[0]?.name;
    const before = await name({});
    assert.equal(
      await name({ export: { ...serverArgs.export, clients: ["10.9.0.0/16"], mode: "0750" } }),
      before,
    );
    assert.equal(await name({ protocols: { nfs3: true }, firewall: "none", force: true }), before);
    assert.notEqual(await name({ export: { ...serverArgs.export, path: "/srv/other" } }), before);
  });

  it("passes retainOnDelete on, so that a live registry's export outlives its stack", async () => {
    assert.equal((await server({}, { retainOnDelete: true }))[0]?.retainOnDelete, true);
    assert.equal((await server())[0]?.retainOnDelete, false);
  });

  it("is unchanged from run to run, unless it is told to apply again", async () => {
    const stdin = async (change: Partial<NfsExportHostArgs> = {}) => (await server(change))[0]?.inputs.stdin;
    assert.equal(await stdin(), await stdin());
    assert.notEqual(await stdin({ reapply: "monday" }), await stdin());
    assert.match(String(await stdin({ reapply: "monday\nreboot" })), /^# "monday\\nreboot"\nset -euo/);
  });

  describe("with verify", () => {
    const ssh = fakeSsh();

    it("sends the script that only compares, and registers nothing for it", async () => {
      ssh.answers(0, "");
      const [command, ...others] = await server({ verify: true });
      assert.deepEqual(others, []);
      assert.match(ssh.command(), / bash check;/);
      assert.equal(ssh.script(), command?.inputs.stdin);
    });

    it("compares with what the host was told, whatever made it be told so again", async () => {
      ssh.answers(0, "");
      await server({ verify: true, reapply: "monday" });
      assert.match(ssh.script(), /^set -euo/);
    });

    it("fails the run with what differs, and with what kept it from looking", async () => {
      ssh.answers(3, "differs: mode of /srv/registry");
      await assert.rejects(
        server({ verify: true }),
        /verifyHosts: host 10\.0\.0\.1 was changed by hand:\ndiffers: mode of \/srv\/registry$/,
      );
      ssh.answers(255, "no route to host");
      await assert.rejects(
        server({ verify: true }),
        /^.*host 10\.0\.0\.1 could not be compared:\nno route to host$/,
      );
    });

    it("takes an ssh that was killed for no answer, not for a good one", async () => {
      ssh.isKilled();
      await assert.rejects(server({ verify: true }), /could not be compared:\nssh ended by SIGKILL$/);
    });
  });

  it("gives the server and the path to what comes after it", async () => {
    const outputs = await new Promise((resolve) => {
      void recordCommands(() => {
        const nfs = new NfsExportHost("nfs", serverArgs);
        pulumi.all([nfs.server, nfs.path, nfs.report]).apply(resolve);
      });
    });
    assert.deepEqual(outputs, ["10.0.0.1", "/srv/registry", "ran nfs-registry-546e6f07"]);
  });
});

describe("NfsClientHost", () => {
  it("applies on create and update, and undoes nothing when the node leaves", async () => {
    const [command, ...others] = await client();
    assert.deepEqual(others, []);
    assert.match(String(command?.inputs.update), / bash apply;/);
    assert.equal(command?.inputs.delete, undefined);
    assert.match(String(command?.inputs.stdin), /^MOUNT_SOURCE='10\.0\.0\.1:\/srv\/registry'$/m);
  });

  it("waits for a server whose address comes from another resource", async () => {
    const [command] = await client({ server: pulumi.output(Promise.resolve("fd00::1")) });
    assert.match(String(command?.inputs.stdin), /^MOUNT_SOURCE='\[fd00::1\]:\/srv\/registry'$/m);
  });

  it("lets many nodes run side by side", async () => {
    const commands = await recordCommands(() =>
      ["a", "b", "c"].map((name) => new NfsClientHost(name, clientArgs)),
    );
    assert.deepEqual(
      commands.map(({ dependencies }) => dependencies),
      [[], [], []],
    );
  });

  it("runs again when it is told to", async () => {
    const stdin = async (change: Partial<NfsClientHostArgs> = {}) => (await client(change))[0]?.inputs.stdin;
    assert.equal(await stdin({ reapply: "" }), await stdin());
    assert.match(String(await stdin({ reapply: "monday" })), /^# "monday"\nset -euo/);
  });

  describe("with verify", () => {
    const ssh = fakeSsh();

    it("compares the node, and fails the run with what differs", async () => {
      ssh.answers(3, "differs: package nfs-utils");
      await assert.rejects(
        client({ verify: true }),
        /host 10\.0\.0\.1 was changed by hand:\ndiffers: package/,
      );
      assert.match(ssh.command(), / bash check;/);
    });
  });

  it("refuses a server that is no host, and a host without a key", async () => {
    await refused(
      () => new NfsClientHost("n", { ...clientArgs, server: "10.0.0.1:/ -o x" }),
      /^nfs\.server: /,
    );
    const withoutKey = { ...connection, hostKey: undefined as unknown as string };
    await refused(
      () => new NfsClientHost("n", { ...clientArgs, connection: withoutKey }),
      /^connection\.hostKey: is missing/,
    );
  });
});
