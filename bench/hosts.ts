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
  const directory = mkdtempSync(path.join(tmpdir(), "image-registry-bench-"));
  const hosts = await startMachines({ machines: [] });
  try {
    const { server } = hosts;
    await server.reset();
    await wantFirewall(server);
    const fresh = await timed(() => overSsh(server, "apply"));
    const converged = await repeated(() => overSsh(server, "apply"));
    const check = await repeated(() => overSsh(server, "check"));
    const login = await repeated(() => run(server, "true"));

    await server.reset();
    await wantFirewall(server);
    await run(server, "apt-get -qq update && apt-get -qq install -y python3 python3-apt");
    const playbook = await ansible(directory);
    const freshPlaybook = await timed(() => playbook(server.ssh));
    const convergedPlaybook = await repeated(() => playbook(server.ssh));
    const checkPlaybook = await repeated(() => playbook(server.ssh, ["--check"]));
    const row = (what: string, ours: number, against: string, theirs: number): BenchRow => ({
      what,
      unit: "ms",
      ours,
      against,
      theirs,
    });
    return [
      row("fresh host to serving export", fresh, "Ansible", freshPlaybook),
      row("apply on a converged host", converged, "Ansible", convergedPlaybook),
      row("check on a converged host", check, "Ansible --check", checkPlaybook),
      row("check on a converged host, without the login", check - login, "limit", 1000),
    ];
  } finally {
    await hosts.stop();
    rmSync(directory, { recursive: true });
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
