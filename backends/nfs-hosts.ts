import { valueIn, versionIn } from "../config/mount-options";
import type { Configuration } from "../config/schema";
import type { ClientSpec, SshConnection } from "../hosts";
import type { ExportHost, HostTask } from "./backend";

type Nfs = NonNullable<Configuration["nfs"]>;

/** The export host of the configuration, as what is to be done to it. */
export function exportHostTask(
  { context, verifyHosts, reapplyHosts, ...config }: Configuration,
  nfs: Nfs,
  host: NonNullable<Nfs["host"]>,
): HostTask<ExportHost> {
  const { id, clients, uid, gid, mode, security, requireMountPoint, fsid } = host;
  return {
    connection: exportHostConnection(nfs, host, privateKeyOf(config)),
    export: {
      id,
      path: nfs.path,
      clients,
      uid,
      gid,
      mode,
      security,
      requireMountPoint,
      fsid,
      minimumFree: nfs.size,
    },
    protocols: { nfs3: host.nfs3, dedicated: host.dedicated },
    cluster: context,
    takeOverFrom: host.takeOverFrom,
    firewall: host.firewall,
    otherExports: host.otherExports,
    force: host.forceRemoval,
    verify: verifyHosts,
    reapply: reapplyHosts,
  };
}

/** A client node of the configuration, as what is to be done to it. */
export function clientHostTask(
  { verifyHosts, reapplyHosts, ...config }: Configuration,
  nfs: Nfs,
  node: Nfs["clientHosts"][number],
): HostTask<ClientSpec> {
  return {
    connection: connection(node, privateKeyOf(config)),
    server: nfs.server,
    path: nfs.path,
    nfs3: versionIn(nfs.mountOptions).major === "3",
    security: valueIn(nfs.mountOptions, "sec") ?? nfs.host?.security,
    verify: verifyHosts,
    reapply: reapplyHosts,
  };
}

/** How the host that serves the export is reached. */
function exportHostConnection(nfs: Nfs, host: NonNullable<Nfs["host"]>, key: PrivateKey): SshConnection {
  return connection({ ...host, address: host.address ?? nfs.server }, key);
}

/** One key opens all hosts, bastions included. */
type PrivateKey = Pick<SshConnection, "privateKey" | "privateKeyPassword">;

function privateKeyOf({
  sshPrivateKey,
  sshKeyPassphrase,
}: Pick<Configuration, "sshPrivateKey" | "sshKeyPassphrase">): PrivateKey {
  return {
    privateKey: sshPrivateKey,
    ...(sshKeyPassphrase !== "" && { privateKeyPassword: sshKeyPassphrase }),
  };
}

interface Reached {
  readonly address: string;
  readonly port: number;
  readonly user: string;
  readonly hostKey: string;
}

function connection(to: Reached & { readonly bastion?: Reached }, key: PrivateKey): SshConnection {
  const { address, bastion, port, user, hostKey } = to;
  const proxy = bastion && connection(bastion, key);
  return { host: address, port, user, hostKey, ...key, ...(proxy && { proxy }) };
}
