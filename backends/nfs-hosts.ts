import type { Configuration } from "../config/schema";
import type { ClientSpec, SshConnection } from "../hosts";
import type { ExportHost, HostTask } from "./backend";

type Nfs = NonNullable<Configuration["nfs"]>;

/** The export host of the configuration, as what is to be done to it. */
export function exportHostTask(
  { context, sshPrivateKey, verifyHosts, reapplyHosts }: Configuration,
  nfs: Nfs,
  host: NonNullable<Nfs["host"]>,
): HostTask<ExportHost> {
  const { id, clients, uid, gid, mode, security, requireMountPoint, fsid } = host;
  return {
    connection: exportHostConnection(nfs, host, sshPrivateKey),
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
  { sshPrivateKey, verifyHosts, reapplyHosts }: Configuration,
  nfs: Nfs,
  node: Nfs["clientHosts"][number],
): HostTask<ClientSpec> {
  return {
    connection: connection(node, sshPrivateKey),
    server: nfs.server,
    path: nfs.path,
    nfs3: nfs.host?.nfs3,
    security: nfs.host?.security,
    verify: verifyHosts,
    reapply: reapplyHosts,
  };
}

/** How the host that serves the export is reached. */
function exportHostConnection(nfs: Nfs, host: NonNullable<Nfs["host"]>, privateKey: string): SshConnection {
  return connection({ ...host, address: host.address ?? nfs.server }, privateKey);
}

interface Reached {
  readonly address: string;
  readonly port: number;
  readonly user: string;
  readonly hostKey: string;
}

function connection(to: Reached & { readonly bastion?: Reached }, privateKey: string): SshConnection {
  const { address, bastion, port, user, hostKey } = to;
  const proxy = bastion && connection(bastion, privateKey);
  return { host: address, port, user, hostKey, privateKey, ...(proxy && { proxy }) };
}
