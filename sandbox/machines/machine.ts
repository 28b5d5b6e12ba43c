import { existsSync, readFileSync, writeFileSync } from "node:fs";
import * as path from "node:path";

import { isRunning, logTail, type SandboxProcess } from "../process";
import { sleep } from "../wait";
import { addressesOf, kernelOptionsOf, roleOf, type MachineName } from "./addresses";
import { execute } from "./execute";
import type { Image } from "./image";
import type { KeyPair } from "./keys";
import { consoleLog, startQemu } from "./qemu";
import { writeDelivery } from "./seed";
import { runOnMachine, type CommandResult, type RunOptions, type SshAccess } from "./ssh";

/** Said on the console by image/files/etc/systemd/system/ssh.service.d/seed.conf. */
const readyForSsh = "ready for SSH";

/** Emulated machines that share two cores with a test suite boot slowly. */
const bootSeconds = 600;

/** A Debian virtual machine on the NFS network. */
export class Machine {
  readonly name: MachineName;
  /** Its address on the NFS network: what exports and firewalls see. */
  readonly networkAddress: string;
  readonly networkAddress6: string;
  /** The way in from this machine's own network, as root. */
  readonly ssh: SshAccess;
  private process: SandboxProcess | undefined;

  constructor(
    name: MachineName,
    private readonly directory: string,
    /** Built when the machine is first started. */
    private readonly image: () => Promise<Image>,
    private readonly network: SandboxProcess,
    port: number,
    hostKey: KeyPair,
    private readonly clientKey: KeyPair,
  ) {
    this.name = name;
    ({ ipv4: this.networkAddress, ipv6: this.networkAddress6 } = addressesOf(name));
    const { privateKey } = clientKey;
    this.ssh = {
      host: "127.0.0.1",
      port,
      user: "root",
      privateKey,
      hostKey: hostKey.publicKey,
    };
    writeFileSync(this.knownHosts, `[127.0.0.1]:${port} ${hostKey.publicKey}\n`);
  }

  /** Runs a shell command. A failing one is a result, not an error. */
  async run(command: string, options?: RunOptions): Promise<CommandResult> {
    return runOnMachine({ ...this.route, shared: path.join(this.directory, this.name) }, command, options);
  }

  /**
   * Copies a folder's content into a folder of the machine, as root's. By disk and not by SSH, of which an emulated
   * processor deciphers two megabytes a second.
   */
  async put(folder: string, target: string): Promise<void> {
    const unpack = await writeDelivery(path.join(this.directory, `${this.name}.seed`), folder, target);
    await this.mustRun(unpack);
  }

  /** On a fresh disk, from the image's booted machine; returns when it takes commands. */
  async start(): Promise<void> {
    const { folder } = await this.image();
    const role = roleOf[this.name];
    const base = ["-F", "raw", "-b", path.join(folder, `${role}.ext4`)];
    await execute("qemu-img", ["create", "-q", "-f", "qcow2", ...base, path.join(this.directory, this.disk)]);
    await this.powerOn(["-incoming", `exec:cat ${shellQuoted(path.join(folder, `${role}.state`))}`]);
  }

  /** An orderly reboot; returns when it takes commands again and has started all it starts. */
  async reboot(): Promise<void> {
    await this.run("systemctl reboot");
    const deadline = Date.now() + bootSeconds * 1000;
    while (this.process && existsSync(`/proc/${this.process.pid}`)) {
      if (Date.now() > deadline) throw this.trouble("does not end");
      await sleep(100);
    }
    await this.powerOn();
  }

  private async mustRun(command: string): Promise<void> {
    const { exitCode, stdout, stderr } = await this.run(command);
    if (exitCode !== 0) throw new Error(`machine ${this.name}: ${command}\n${stdout}${stderr}`);
  }

  private async powerOn(more: readonly string[] = []): Promise<void> {
    const shownBefore = this.console().length;
    const { folder, accelerator } = await this.image();
    this.process = await startQemu(this.directory, this.network, {
      name: this.name,
      disk: `file=${this.disk}`,
      imageFolder: folder,
      accelerator,
      kernelOptions: kernelOptionsOf[roleOf[this.name]],
      sshPort: this.ssh.port,
      // A guest that boots again in the same emulator takes many times as long: its reset ends QEMU.
      more: ["-no-reboot", ...more],
    });
    await this.untilReady(shownBefore);
  }

  private async untilReady(shownBefore: number): Promise<void> {
    const deadline = Date.now() + bootSeconds * 1000;
    while (!this.console().slice(shownBefore).includes(readyForSsh)) {
      if (!this.process || !isRunning(this.process)) throw this.trouble("ended");
      if (Date.now() > deadline) throw this.trouble("does not start");
      await sleep(100);
    }
    // Debian 13's sshd may be ready before its network has the address that the port is forwarded to.
    for (;;) {
      const { exitCode, stderr } = await this.run("systemctl is-system-running --wait");
      if (exitCode !== 255) return;
      if (Date.now() > deadline) throw this.trouble(`refuses SSH: ${stderr}`);
      await sleep(500);
    }
  }

  private get disk(): string {
    return `${this.name}.qcow2`;
  }

  private trouble(what: string): Error {
    const qemu = this.process ? logTail(this.process) : "";
    return new Error(`machine ${this.name} ${what}: ${this.console().slice(-1000)}\n${qemu}`);
  }

  private console(): string {
    const file = path.join(this.directory, consoleLog(this.name));
    return existsSync(file) ? readFileSync(file, "utf8") : "";
  }

  private get route() {
    return { port: this.ssh.port, keyFile: this.clientKey.file, knownHosts: this.knownHosts };
  }

  private get knownHosts(): string {
    return path.join(this.directory, `${this.name}.known_hosts`);
  }
}

function shellQuoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
