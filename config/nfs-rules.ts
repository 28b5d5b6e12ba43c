import { checkExportPath } from "../hosts/export-checks";
import { checkPrivateKey } from "../hosts/private-key";
import { valueIn, versionIn } from "./mount-options";
import type { Configuration } from "./schema";
import { unread } from "./values";
import { type Violation, violation } from "./violation";

type Nfs = NonNullable<Configuration["nfs"]>;

/** What backend nfs, its mounts and its hosts ask of each other. */
export function nfsRules(config: Configuration): Violation[] {
  const { backend, nfs, sshPrivateKey, sshKeyPassphrase } = config;
  if (!nfs) return [];
  const always = hostRules(nfs);
  if (backend !== "nfs") return always;
  const hasHosts = nfs.host !== undefined || nfs.clientHosts.length > 0;
  return [...always, ...(hasHosts ? keyRules(sshPrivateKey, sshKeyPassphrase) : [])];
}

/** What the host that the stack sets up would not serve. */
function hostRules({ host, path, mountOptions, clientHosts }: Nfs): Violation[] {
  const found: Violation[] = clientHosts.flatMap(({ address }, index) =>
    clientHosts.findIndex((other) => other.address === address) < index
      ? [violation(["nfs", "clientHosts", index, "address"], "is another one's, too; name each host once")]
      : [],
  );
  if (!host) return found;
  const unserved = (what: string) => found.push(violation(["nfs", "mountOptions"], what));
  const problem = checkExportPath(path);
  if (problem) found.push({ path: ["nfs", "path"], message: problem, whole: true });
  const version = versionIn(mountOptions);
  if (version.major === "3" && !host.nfs3)
    unserved(`ask for ${version.option}, which the host serves only with nfs.host.nfs3: true`);
  const flavours = host.security.split(":");
  const other = valueIn(mountOptions, "sec")
    ?.split(":")
    .find((flavour) => !flavours.includes(flavour));
  if (other !== undefined)
    unserved(`ask for sec=${other}, which the host does not serve: nfs.host.security is "${host.security}"`);
  const port = valueIn(mountOptions, "port");
  if (port !== undefined && Number(port) !== 2049)
    unserved(`ask for port=${port}, and the host serves on 2049`);
  // exports(5): secure, which asks nothing of Kerberos.
  const kerberos = (valueIn(mountOptions, "sec") ?? host.security).startsWith("krb5");
  if (mountOptions.includes("noresvport") && !kerberos)
    unserved("ask for noresvport, and the host serves who comes from a port below 1024");
  if (mountOptions.some((option) => /(^|=)rdma6?$/.test(option)))
    unserved("ask for RDMA, and the host serves over TCP alone");
  return found;
}

function keyRules(key: string, passphrase: string): Violation[] {
  if (key === unread || passphrase === unread) return [];
  if (key === "") {
    const set = "pulumi config set --secret sshPrivateKey < key-file";
    return [violation(["sshPrivateKey"], `hosts are reached with it: ${set}`)];
  }
  const problem = checkPrivateKey(key, passphrase);
  if (!problem) return [];
  return [violation([problem.of === "key" ? "sshPrivateKey" : "sshKeyPassphrase"], problem.message)];
}
