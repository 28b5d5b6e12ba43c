import { execFileSync, spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { bash } from "../../../hosts";

const fake = join(__dirname, "fake-commands/fake");
const iptables = ["iptables", "ip6tables", "iptables-nft", "ip6tables-nft"];
const names = [
  ..."systemctl rpm dnf yum zypper exportfs ss sysctl nfsconf ip firewall-cmd firewall-offline-cmd ufw nft getenforce".split(
    " ",
  ),
  ..."selinuxenabled findmnt getsebool setsebool mount umount modprobe pidof restorecon sync".split(" "),
  ...iptables.flatMap((command) => [command, `${command}-save`]),
];
/** Folders the fake host has for itself; everything else is this machine's, read only by habit. */
const own = { etc: "/etc", lib: "/var/lib", nfsd: "/proc/fs", srv: "/srv", run: "/run" };

/** /etc/os-release of RHEL. */
export const rhel = (version: string) => ({
  ID: "rhel",
  VERSION_ID: version,
  PRETTY_NAME: `RHEL ${version}`,
});

/** Why there can be no fake host here; undefined when there can. */
const noFakeHost =
  spawnSync("unshare", ["--mount", "true"]).status === 0
    ? undefined
    : "needs root, to mount over /etc and /var/lib";

/** A suite of tests on fake hosts; where there can be none, it is pending with the reason. */
export function describeOnFakeHosts(title: string, tests: () => void): void {
  describe(title, function () {
    this.timeout(300_000);
    if (noFakeHost) it(noFakeHost);
    else tests();
  });
}

export interface Run {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** The commands the script called in this run, with their arguments. */
  readonly calls: string[];
}

/**
 * A host of a family that cannot be booted here: this machine's bash and coreutils in a mount namespace with a /etc,
 * /var/lib, /srv and nfsd of its own, and recorded stand-ins for the commands that differ between distributions.
 */
export class FakeHost {
  private readonly root = mkdtempSync(join(tmpdir(), "fake-host-"));

  constructor(osRelease: Readonly<Record<string, string>> = rhel("9.4"), packages: readonly string[] = []) {
    for (const folder of [...Object.keys(own), "bin", "units", "packages"])
      mkdirSync(join(this.root, folder));
    for (const name of names) symlinkSync(fake, join(this.root, "bin", name));
    for (const name of packages) writeFileSync(join(this.root, "packages", name), "");
    // Debian keeps awk's link in /etc.
    symlinkSync(realpathSync("/usr/bin/awk"), join(this.root, "bin/awk"));
    const text = Object.entries(osRelease).map(([key, value]) => `${key}="${value}"\n`);
    this.write("/etc/os-release", text.join(""));
  }

  /** Another host that is as this one is now. Its directories have other inodes, and its records name those. */
  copy(): FakeHost {
    const copied = new FakeHost();
    execFileSync("cp", ["--archive", `${this.root}/.`, copied.root]);
    const state = "/var/lib/image-registry";
    for (const record of this.list(state).filter((file) => file.endsWith(".file-system"))) {
      const text = this.read(`${state}/${record}`).replace(/(?<=\n)\d+(?=\n)/, (inode) => {
        const find = ["srv", "-inum", inode, "-print"];
        const directory = execFileSync("find", find, { cwd: this.root, encoding: "utf8" }).trim();
        return String(statSync(join(copied.root, directory)).ino);
      });
      copied.write(`${state}/${record}`, text);
    }
    return copied;
  }

  run(script: string, mode: string): Run {
    rmSync(join(this.root, "calls"), { force: true });
    const binds = Object.entries(own).map(
      ([folder, at]) => `mount --bind "$FAKE/${folder}" ${at} || exit 99`,
    );
    const { status, stdout, stderr } = spawnSync("unshare", ["--mount", ...bash, mode], {
      input: [...binds, 'PATH="$FAKE/bin:$PATH"', `. ${fake}`, script].join("\n"),
      encoding: "utf8",
      env: { PATH: process.env.PATH, FAKE: this.root },
    });
    return { status, stdout, stderr, calls: lines(join(this.root, "calls")) };
  }

  /** A file of the host, or of the fake commands' own state when the path is relative. */
  read(path: string): string {
    const file = this.path(path);
    return existsSync(file) ? readFileSync(file, "utf8") : "";
  }

  write(path: string, text: string): void {
    mkdirSync(dirname(this.path(path)), { recursive: true });
    writeFileSync(this.path(path), text);
  }

  exists(path: string): boolean {
    return existsSync(this.path(path));
  }

  mkdir(path: string): void {
    mkdirSync(this.path(path), { recursive: true });
  }

  /** A symbolic link of the host, to a path of the host. */
  link(target: string, path: string): void {
    symlinkSync(target, this.path(path));
  }

  move(path: string, to: string): void {
    renameSync(this.path(path), this.path(to));
  }

  delete(path: string): void {
    rmSync(this.path(path), { recursive: true });
  }

  list(path: string): string[] {
    return existsSync(this.path(path)) ? readdirSync(this.path(path)) : [];
  }

  remove(): void {
    rmSync(this.root, { recursive: true });
  }

  /** Where a file of the host is on this machine. */
  path(path: string): string {
    const [folder, at] = Object.entries(own).find(([, mount]) => path.startsWith(`${mount}/`)) ?? [];
    return folder && at ? join(this.root, folder, path.slice(at.length)) : join(this.root, path);
  }
}

const lines = (file: string): string[] =>
  existsSync(file) ? readFileSync(file, "utf8").split("\n").filter(Boolean) : [];
