import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import * as path from "node:path";

import {
  canRunMachines,
  installMachinePackages,
  startMachines,
  type MachineNetwork,
} from "../../sandbox/machines";
import { runOnMachine } from "../../sandbox/machines/ssh";
import { isRunning, recordedProcesses, type SandboxProcess } from "../../sandbox/process";
import { sleep } from "../../sandbox/wait";
import { typescriptLoader } from "../../project";
import { skip } from "../skip";

describe("the NFS hosts' machines", function () {
  this.timeout(900_000); // the first start builds their image
  const directory = mkdtempSync(path.join(tmpdir(), "sandbox-machines-"));
  const log = () => undefined;
  let hosts: MachineNetwork;

  before(async function () {
    await installMachinePackages(log);
    const reason = canRunMachines();
    if (reason) skip(this, reason);
    hosts = await startMachines({ directory, machines: ["bare", "client"], log });
  });

  after(async () => {
    await hosts?.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  it("let root in by key, and ops, who may sudo without a password", async () => {
    assert.equal((await hosts.bare.run("hostname; id --user")).stdout, "bare\n0\n");
    const sudo = await hosts.bare.run("id --user --name; sudo --non-interactive id --user", {
      user: "ops",
    });
    assert.equal(sudo.stdout, "ops\n0\n", sudo.stderr);
  });

  it("hand a command its input and its result back", async () => {
    const result = await hosts.client.run("cat; echo trouble >&2; exit 3", { input: "hello" });
    assert.deepEqual(result, { stdout: "hello", stderr: "trouble\n", exitCode: 3 });
  });

  it("take files, and take others in their place", async () => {
    const folder = mkdtempSync(path.join(directory, "files-"));
    for (const text of ["first", "second"]) {
      writeFileSync(path.join(folder, "file"), text);
      await hosts.client.put(folder, "/opt/files");
      assert.equal((await hosts.client.run("cat /opt/files/file")).stdout, text);
    }
  });

  it("show the host key that was announced, so another one is refused", async () => {
    const knownHosts = path.join(directory, "wrong_known_hosts");
    writeFileSync(knownHosts, `[127.0.0.1]:${hosts.bare.ssh.port} ${hosts.client.ssh.hostKey}\n`);
    const access = { port: hosts.bare.ssh.port, keyFile: path.join(directory, "client_key"), knownHosts };
    const { exitCode, stderr } = await runOnMachine(access, "true");
    assert.equal(exitCode, 255);
    assert.match(stderr, /Host key verification failed/);
  });

  for (const family of ["ipv4", "ipv6"] as const) {
    it(`meet each other under their own ${family} addresses`, async () => {
      const target = family === "ipv4" ? hosts.bare.networkAddress : hosts.bare.networkAddress6;
      const listening = hosts.bare.run(`timeout 60 nc -l -v -n -s ${target} -p 7000 2>&1`);
      const call = await hosts.client.run(
        `for attempt in $(seq 100); do echo hello | nc -N -w 5 ${target} 7000 && exit; sleep 0.2; done; exit 1`,
      );
      assert.equal(call.exitCode, 0, call.stderr);
      const from = family === "ipv4" ? hosts.client.networkAddress : hosts.client.networkAddress6;
      assert.ok(
        (await listening).stdout.includes(`Connection received on ${from} `),
        (await listening).stdout,
      );
    });
  }

  it("have no way out of their network, not even to the machine they run on", async () => {
    const listener = createServer((socket) => socket.end()).listen(0, "127.0.0.1");
    await once(listener, "listening");
    const { port } = listener.address() as AddressInfo;
    const outside = await hosts.bare.run(`nc -z -w 5 10.0.2.2 ${port}`);
    listener.close();
    assert.equal(outside.exitCode, 1);
    assert.equal((await hosts.bare.run("ip -4 route show default; ip -6 route show default")).stdout, "");
  });

  it("start a bare host without NFS, which it can install all the same", async () => {
    const offered = await hosts.bare.run(
      "test ! -e /usr/sbin/exportfs && apt-get update --quiet=2 && apt-get install --simulate nfs-kernel-server",
    );
    assert.match(offered.stdout, /^Inst nfs-kernel-server /m, offered.stderr);
    assert.equal((await hosts.client.run("command -v mount.nfs4")).exitCode, 0);
  });

  it("keep their time", async () => {
    const { stdout } = await hosts.bare.run("date +%s");
    assert.ok(Math.abs(Number(stdout) - Date.now() / 1000) < 60, `bare says ${stdout}`);
  });

  it("do not meet another run's machines, and end with the program that started them when it is killed", async () => {
    const folder = path.join(directory, "killed");
    const program = `
      import { startMachines } from ${JSON.stringify(path.resolve(__dirname, "../../sandbox/machines/index.ts"))};
      void startMachines({ directory: ${JSON.stringify(folder)}, machines: ["client"], log: () => undefined })
        .then(async ({ client }) => {
          console.log((await client.run("ping -c 1 -W 2 ${hosts.bare.networkAddress}")).exitCode);
          setInterval(() => undefined, 1000);
        });`;
    writeFileSync(path.join(directory, "starter.ts"), program);
    const starter = spawn("node", [...typescriptLoader, path.join(directory, "starter.ts")], {
      cwd: path.resolve(__dirname, "../.."),
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [pinged] = (await once(starter.stdout, "data")) as [Buffer];
    assert.equal(pinged.toString(), "1\n", "the other run's machines have the same addresses");
    const started = traces(folder);
    starter.kill("SIGKILL");
    await untilGone(started);
  });

  it("leave no process and no network namespace when they are stopped", async () => {
    const started = traces(directory);
    assert.equal(started.processes.length, 3); // two machines and their network
    await hosts.stop();
    await untilGone(started);
  });
});

interface Traces {
  processes: SandboxProcess[];
  namespace: string;
}

function traces(directory: string): Traces {
  const processes = recordedProcesses(directory).filter(isRunning);
  const holder = processes.find(({ name }) => name === "network");
  assert.ok(holder);
  const namespace = readlinkSync(`/proc/${holder.pid}/ns/net`).replace(/\D/g, "");
  assert.ok(networkNamespaces().includes(namespace));
  return { processes, namespace };
}

async function untilGone({ processes, namespace }: Traces): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (processes.some(isRunning) || networkNamespaces().includes(namespace)) {
    const names = processes.filter(isRunning).map(({ name }) => name);
    assert.ok(Date.now() < deadline, `still there: ${names.join(", ")}; namespace ${namespace}`);
    await sleep(100);
  }
}

function networkNamespaces(): string[] {
  return execFileSync("lsns", ["--noheadings", "--type", "net", "--output", "NS"], { encoding: "utf8" })
    .split("\n")
    .map((line) => line.trim());
}
