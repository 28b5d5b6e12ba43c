import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import * as path from "node:path";
import { promisify } from "node:util";
import type { SshAccess } from "../sandbox/machines";

const version = "2.19.14";
const playbook = path.join(__dirname, "ansible/playbook.yml");
const run = promisify(execFile);

type Playbook = (server: SshAccess, options?: string[]) => Promise<void>;

/** Installs Ansible below `directory`; what it gives runs the playbook on a host, with its fastest usual settings. */
export async function ansible(directory: string): Promise<Playbook> {
  await run("python3", ["-m", "venv", directory]);
  await run(path.join(directory, "bin/pip"), ["install", "--quiet", `ansible-core==${version}`]);
  return async ({ host, port, user, privateKey, hostKey }, options = []) => {
    const key = path.join(directory, "key");
    const knownHosts = path.join(directory, "known_hosts");
    const inventory = path.join(directory, "inventory");
    writeFileSync(key, privateKey, { mode: 0o600 });
    writeFileSync(knownHosts, `[${host}]:${port} ${hostKey}\n`);
    writeFileSync(inventory, `server ansible_host=${host} ansible_port=${port} ansible_user=${user}\n`);
    await run(path.join(directory, "bin/ansible-playbook"), ["-i", inventory, ...options, playbook], {
      env: {
        ...process.env,
        ANSIBLE_PRIVATE_KEY_FILE: key,
        ANSIBLE_PIPELINING: "true",
        ANSIBLE_SSH_ARGS: `-F none -o ControlMaster=auto -o ControlPersist=60s -o UserKnownHostsFile=${knownHosts}`,
        ANSIBLE_PYTHON_INTERPRETER: "/usr/bin/python3",
        LC_ALL: "C.UTF-8",
      },
    });
  };
}
