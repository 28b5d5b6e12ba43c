import { existsSync, writeFileSync } from "node:fs";
import * as path from "node:path";

import { isRunning, logTail, stopProcess, type SandboxProcess } from "../process";
import { sleep } from "../wait";
import { addressesOf, type MachineName } from "./addresses";
import type { KeyPair } from "./keys";
import { createDisk, startQemu, type Hardware } from "./qemu";
import { awaitSshGreeting, runOverSsh, type CommandResult, type RunOptions, type SshAccess } from "./ssh";

/** Emulated machines that share two cores with a test suite boot slowly. */
const bootSeconds = 240;

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
    private readonly directory: string,
    private readonly hardware: Hardware,
    private readonly network: SandboxProcess,
    hostKey: KeyPair,
    private readonly clientKey: KeyPair,
  ) {
    this.name = hardware.name;
    ({ ipv4: this.networkAddress, ipv6: this.networkAddress6 } = addressesOf(hardware.name));
    const { privateKey } = clientKey;
    this.ssh = {
      host: "127.0.0.1",
      port: hardware.sshPort,
      user: "root",
      privateKey,
      hostKey: hostKey.publicKey,
    };
    writeFileSync(this.knownHosts, `[127.0.0.1]:${hardware.sshPort} ${hostKey.publicKey}\n`);
  }

  /** Runs a shell command. A failing one is a result, not an error. */
  async run(command: string, options?: RunOptions): Promise<CommandResult> {
    const access = { port: this.ssh.port, keyFile: this.clientKey.file, knownHosts: this.knownHosts };
    return runOverSsh(access, command, options);
  }

  /** Powers it on, on the disk it has, and waits until it takes commands. */
  async start(): Promise<void> {
    this.process = await startQemu(this.directory, this.hardware, this.network);
    await this.awaitCommands();
  }

  /** An orderly reboot; returns when the machine takes commands again. */
  async reboot(): Promise<void> {
    const before = await this.bootId();
    await this.run("systemctl reboot");
    const deadline = this.bootDeadline();
    for (;;) {
      await this.awaitGreeting(deadline);
      const now = await this.bootId();
      if (now && now !== before) return;
      await sleep(200);
    }
  }

  /** Pulls the plug: what was not synced to its disk is lost. `start` powers it on again. */
  async kill(): Promise<void> {
    if (!this.process) return;
    process.kill(this.process.pid, "SIGKILL");
    await stopProcess(this.directory, this.process);
    // Its port and its disk's lock are free once its last thread has ended, which is after its first.
    while (existsSync(`/proc/${this.process.pid}`)) await sleep(20);
    this.process = undefined;
  }

  /** Throws its disk away and boots from a fresh one. Keys, port and addresses stay. */
  async reset(): Promise<void> {
    await this.kill();
    await createDisk(this.directory, this.name, this.hardware.image);
    await this.start();
  }

  private async awaitCommands(): Promise<void> {
    await this.awaitGreeting(this.bootDeadline());
    const { exitCode, stderr } = await this.run("true");
    if (exitCode !== 0) throw this.trouble(`refuses SSH: ${stderr}`);
  }

  private async awaitGreeting(deadline: number): Promise<void> {
    await awaitSshGreeting(this.ssh.port, () => {
      if (!this.process || !isRunning(this.process)) throw this.trouble("ended");
      if (Date.now() > deadline) throw this.trouble("does not answer");
    });
  }

  private bootDeadline(): number {
    return Date.now() + bootSeconds * 1000;
  }

  private async bootId(): Promise<string | undefined> {
    const { stdout, exitCode } = await this.run("cat /proc/sys/kernel/random/boot_id");
    return exitCode === 0 ? stdout : undefined;
  }

  private trouble(what: string): Error {
    const console = path.join(this.directory, "logs", `${this.name}.console.log`);
    const qemu = this.process ? logTail(this.process) : "";
    return new Error(`machine ${this.name} ${what}; see ${console}\n${qemu}`);
  }

  private get knownHosts(): string {
    return path.join(this.directory, `${this.name}.known_hosts`);
  }
}
