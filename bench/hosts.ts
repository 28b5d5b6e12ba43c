import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { command, serverScript, type Mode } from "../hosts";
import { canRunMachines, networksOf, startMachines, wantFirewall, type Machine } from "../sandbox/machines";
import { ansible } from "./ansible";
import { median, type BenchRow } from "./table";

const runs = 5;

const script = serverScript({
  owner: { stack: "organization/image-registry/bench", cluster: "none" },
  export: {
    id: "bench",
    path: "/srv/registry",
    clients: Object.values(networksOf("client")),
    uid: 5000,
    gid: 5000,
  },
});

/**
 * A real Debian machine made an NFS server over SSH, against an Ansible playbook that does the same work on the same
 * machine. The machine may be emulated, and is then many times slower than any real one: look at the ratios.
 */
export async function hostRows(): Promise<BenchRow[]> {
  const reason = canRunMachines();
  if (reason) {
    console.error(`hosts are not measured: ${reason}`);
    return [];
  }
  const ours = await onBareHost(async (host) => {
    const fresh = await timed(() => overSsh(host, "apply"));
    const converged = await repeated(() => overSsh(host, "apply"));
    const check = await repeated(() => overSsh(host, "check"));
    return { fresh, converged, check, login: await repeated(() => run(host, "true")) };
  });
  const theirs = await onBareHost(async (host) => {
    await run(host, "apt-get -qq update && apt-get -qq install -y python3 python3-apt");
    const directory = mkdtempSync(path.join(tmpdir(), "image-registry-bench-"));
    const playbook = await ansible(directory);
    const fresh = await timed(() => playbook(host.ssh));
    const converged = await repeated(() => playbook(host.ssh));
    const check = await repeated(() => playbook(host.ssh, ["--check"]));
    rmSync(directory, { recursive: true });
    return { fresh, converged, check };
  });
  const row = (what: string, step: keyof typeof theirs, against: string): BenchRow => ({
    what,
    unit: "ms",
    ours: ours[step],
    against,
    theirs: theirs[step],
  });
  return [
    row("fresh host to serving export", "fresh", "Ansible"),
    row("apply on a converged host", "converged", "Ansible"),
    row("check on a converged host", "check", "Ansible --check"),
    {
      what: "check on a converged host, without the login",
      unit: "ms",
      ours: ours.check - ours.login,
      against: "limit",
      theirs: 1000,
    },
  ];
}

async function onBareHost<T>(measure: (host: Machine) => Promise<T>): Promise<T> {
  const hosts = await startMachines({ machines: ["bare"] });
  try {
    await wantFirewall(hosts.bare);
    return await measure(hosts.bare);
  } finally {
    await hosts.stop();
  }
}

function overSsh(server: Machine, mode: Mode): Promise<void> {
  return run(server, command(mode), script);
}

async function run(server: Machine, shell: string, input = ""): Promise<void> {
  const { exitCode, stdout, stderr } = await server.run(shell, { input, ownLogin: true });
  if (exitCode !== 0) throw new Error(`${shell}: ${stdout}${stderr}`);
}

async function repeated(work: () => Promise<void>): Promise<number> {
  const times: number[] = [];
  for (let run = 0; run < runs; run++) times.push(await timed(work));
  return median(times);
}

async function timed(work: () => Promise<void>): Promise<number> {
  const begun = performance.now();
  await work();
  return performance.now() - begun;
}
