import { fileNote } from "./exports-file";

/** NFSv3's ports, fixed so that a firewall can name them. */
export const nfs3Ports = { rpcbind: 111, nfs: 2049, mountd: 20048, statd: 50825, lockd: 53248 } as const;

// Off in the kernel everywhere, but as long as it is not said here rpc.mountd listens for its clients, on random ports.
const noNfs2 = "nfsd vers2 n";

// What the volume asks for; an administrator may have switched it off, or all of NFSv4.
const nfs42 = ["nfsd vers4 y", "nfsd vers4.2 y"];

/** "section key value" of nfs.conf(5). NFS over UDP stays off: it can corrupt data (nfs(5)). */
export const nfs4Settings: readonly string[] = [noNfs2, ...nfs42, "nfsd vers3 n"];
export const nfs3Settings: readonly string[] = [
  noNfs2,
  ...nfs42,
  "nfsd vers3 y",
  `mountd port ${nfs3Ports.mountd}`,
  `statd port ${nfs3Ports.statd}`,
  `lockd port ${nfs3Ports.lockd}`,
  `lockd udp-port ${nfs3Ports.lockd}`,
];

/** The same for RHEL 7, whose nfs-utils reads shell variables. */
export const nfs4Sysconfig: readonly string[] = ['RPCNFSDARGS="-N 2 -N 3"', 'RPCMOUNTDOPTS="-N 2 -N 3"'];
export const nfs3Sysconfig: readonly string[] = [
  'RPCNFSDARGS=""',
  `RPCMOUNTDOPTS="-p ${nfs3Ports.mountd}"`,
  `STATDARG="-p ${nfs3Ports.statd}"`,
  `LOCKD_TCPPORT=${nfs3Ports.lockd}`,
  `LOCKD_UDPPORT=${nfs3Ports.lockd}`,
];

/**
 * lockd lives in the kernel. As a module it takes its ports from options when it is loaded; where it is built in,
 * or loaded before, from sysctl.
 */
export const lockdModprobe = `${fileNote}\noptions lockd nlm_tcpport=${nfs3Ports.lockd} nlm_udpport=${nfs3Ports.lockd}`;
export const lockdSysctl = `${fileNote}\nfs.nfs.nlm_tcpport = ${nfs3Ports.lockd}\nfs.nfs.nlm_udpport = ${nfs3Ports.lockd}`;
