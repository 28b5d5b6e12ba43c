import assert from "node:assert/strict";

import {
  clientScript,
  command,
  serverScript,
  type ClientSpec,
  type Mode,
  type ServerSpec,
} from "../../hosts";
import {
  canRunMachines,
  installMachinePackages,
  networksOf,
  startMachines,
  type CommandResult,
  type Machine,
  type MachineName,
  type MachineNetwork,
} from "../../sandbox/machines";
import { skip } from "../skip";

export const exportPath = "/srv/registry";
export const clientNetworks = Object.values(networksOf("client"));

const owner = { stack: "organization/image-registry/test", cluster: "prod" };

/** The export of these tests, to the client's networks and nobody else's. */
export function serverSpec(
  change: Partial<ServerSpec> = {},
  exported: Partial<ServerSpec["export"]> = {},
): ServerSpec {
  const base = { id: "registry", path: exportPath, clients: clientNetworks, uid: 5000, gid: 5001 };
  // Also the time that an emulated machine may take to install a package.
  return { owner, waitForLock: 1200, ...change, export: { ...base, ...exported } };
}

/** Of this process: what one file has started, the next one finds as it was left. A start is the longest part of a file. */
let network: MachineNetwork | undefined;
const running = new Set<MachineName>();

/**
 * The named machines for the tests of this describe; where there can be none its tests are skipped, with the reason. No file
 * can tell which ones ran before it on the same machines: each states what it starts from, and leaves nothing that fails others.
 */
export function onMachines(context: Mocha.Suite, ...names: MachineName[]): () => MachineNetwork {
  // Emulated machines are slow, the more so when others use this one's processors.
  context.timeout(1_800_000);
  before("booting the machines", async function () {
    await installMachinePackages(console.error);
    const reason = canRunMachines();
    if (reason) skip(this, reason);
    network ??= await startMachines({ machines: [] });
    const machines = network;
    const missing = names.filter((name) => !running.has(name));
    await Promise.all(missing.map((name) => machines[name].start().then(() => running.add(name))));
  });
  after("giving up machines on which something failed", async () => {
    if (hasFailed(context)) await giveUp();
  });
  return () => network ?? assert.fail("the machines are not running");
}

/** Whoever wants machines next gets new ones. */
async function giveUp(): Promise<void> {
  await network?.stop();
  network = undefined;
  running.clear();
}

function hasFailed(suite: Mocha.Suite): boolean {
  return suite.tests.some(({ state }) => state === "failed") || suite.suites.some(hasFailed);
}

/** Runs a command that must succeed; gives what it printed. */
export async function must(
  machine: Machine,
  script: string,
  options?: Parameters<Machine["run"]>[1],
): Promise<string> {
  const { stdout, stderr, exitCode } = await machine.run(script, options);
  assert.equal(exitCode, 0, `${script}\n${stdout}${stderr}`);
  return stdout.trimEnd();
}

/** Sends the server's script as the component does. */
export function runServer(
  machine: Machine,
  mode: Mode,
  spec = serverSpec(),
  user?: "ops",
): Promise<CommandResult> {
  return machine.run(command(mode), {
    input: serverScript(spec),
    timeoutSeconds: 1800,
    ...(user && { user }),
  });
}

/** The same, where it must succeed; gives its report. */
export async function converge(machine: Machine, spec = serverSpec(), mode: Mode = "apply"): Promise<string> {
  const { stdout, stderr, exitCode } = await runServer(machine, mode, spec);
  assert.equal(exitCode, 0, `${mode}: ${stdout}${stderr}`);
  return stdout;
}

export function runClient(
  machine: Machine,
  mode: Mode,
  spec: Omit<ClientSpec, "path">,
): Promise<CommandResult> {
  return machine.run(command(mode), { input: clientScript({ path: exportPath, ...spec }) });
}

/** Mounts the export at /mnt of a client; what was there is let go. A server that refuses is asked once, and not for minutes. */
export async function mount(
  machine: Machine,
  options = "nfsvers=4.2",
  server = "10.97.0.10",
): Promise<CommandResult> {
  await unmount(machine);
  return machine.run(
    `timeout 120 mount -t nfs -o ${options},soft,timeo=100,retrans=3,retry=0 ${server}:${exportPath} /mnt`,
  );
}

/** Whatever is left of it: of a mount that the server no longer knows, mountpoint(1) says that there is none. */
export async function unmount(machine: Machine): Promise<void> {
  await must(
    machine,
    "while grep -q ' /mnt nfs' /proc/mounts; do timeout 60 umount /mnt || umount -fl /mnt || exit; done",
  );
}

/** The script is refused: apply fails and changes nothing, check says the same. */
export async function refused(machine: Machine, spec: ServerSpec, reason: RegExp): Promise<void> {
  const applied = await runServer(machine, "apply", spec);
  assert.equal(applied.exitCode, 1, applied.stdout);
  assert.match(applied.stderr, reason);
  assert.doesNotMatch(applied.stdout, /changed/);
  const checked = await runServer(machine, "check", spec);
  assert.equal(checked.exitCode, 3, checked.stdout + checked.stderr);
  assert.match(checked.stdout, reason);
}

/** Ports of a server, among those asked, that take a connection from this machine. */
export async function openPorts(
  from: Machine,
  ports: readonly number[],
  { networkAddress }: Machine,
): Promise<number[]> {
  const tries = ports.map((port) => `(nc -z -w 5 ${networkAddress} ${port} && echo ${port}) &`);
  const answering = await must(from, `${tries.join("\n")}\nwait`);
  return answering
    .split("\n")
    .filter(Boolean)
    .map(Number)
    .sort((a, b) => a - b);
}
