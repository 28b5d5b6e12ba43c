import type {
  ClassClaimFinding,
  Export,
  NfsClaimFinding,
  NfsClientFinding,
  NfsVolumeFinding,
  OthersClaimFinding,
  StoreFinding,
} from "../../backends/finding";
import type { Texts } from "./texts";

const anotherClaim = "set pvc.claim to a new name";

const othersClaim: Texts<OthersClaimFinding> = {
  "claim is missing": ({ claim, namespace, there }) =>
    `"${claim}" does not exist in namespace ${namespace} (claims there: ${quoted(there)}); create it first`,
  "claim goes": ({ claim }) =>
    `"${claim}" is being deleted, which cannot be taken back, and no new pod may use it; name another claim, or run again ` +
    `when it is gone`,
  "claim is lost": ({ claim }) =>
    `"${claim}" is Lost: its volume is gone; restore the volume or name another claim`,
  "claim is pending": ({ claim, namespace, storageClass }) => {
    const waitsFor = storageClass
      ? `class "${storageClass.name}" ${storageClass.isFound ? "to provide its volume" : "which is not there, or may not be read"}`
      : "a volume without a class that fits it";
    return `"${claim}" is Pending: it waits for ${waitsFor}, and pods with it; see oc describe pvc ${claim} -n ${namespace}`;
  },
  "claim's modes do not do": ({ claim, is }) =>
    `"${claim}" has access modes ${is.join(", ")}; the registry needs ReadWriteMany or ReadWriteOnce`,
  "claim serves one": ({ claim, asked }) =>
    `${asked}, but pvc.claim: "${claim}" is ReadWriteOnce, which serves 1 replica`,
  "claim needs Recreate": ({ claim, asked }) =>
    `"${asked}", but pvc.claim: "${claim}" is ReadWriteOnce, which needs "Recreate"`,
};

const classClaim: Texts<ClassClaimFinding> = {
  "class deletes volumes": ({ claim, storageClass, policy }) =>
    `class "${storageClass}" deletes a volume with its claim (reclaimPolicy ${policy}). ` +
    `This stack never deletes claim "${claim}", but whoever does deletes the images; once it is bound: ` +
    `oc patch pv VOLUME -p '{"spec":{"persistentVolumeReclaimPolicy":"Retain"}}'`,
  "class is missing": ({ asked, there }) =>
    asked === undefined
      ? `is not set, and the cluster has no default storage class; name one (there are: ${quoted(there)})`
      : `the cluster has no storage class "${asked}" (there are: ${quoted(there)})`,
  "class has disks": ({ storageClass, provisioner }) =>
    `ReadWriteMany, but class "${storageClass}" (${provisioner}) provides disks, which one node mounts at a time: the ` +
    `claim would stay Pending; name a class of a shared file system, or [ReadWriteOnce] with replicas 1 and rolloutStrategy Recreate`,
  "own claim goes": ({ claim }) =>
    `claim "${claim}" is being deleted, which cannot be taken back; ${anotherClaim}`,
  "own claim is lost": ({ claim }) =>
    `claim "${claim}" is Lost: its volume is gone; restore the volume, or ${anotherClaim}`,
  "own claim's class differs": ({ claim, is, asked }) =>
    `claim "${claim}" has class "${is}", asked is "${asked}"; a claim's class cannot change: keep what it has, or ${anotherClaim}`,
  "own claim's modes differ": ({ claim, is, asked }) =>
    `claim "${claim}" has ${is.join(", ")}, asked is ${asked.join(", ")}; a claim's access modes cannot change: keep what it ` +
    `has, or ${anotherClaim}`,
  "own claim would shrink": ({ claim, is, asked }) =>
    `claim "${claim}" has ${is}, asked is ${asked}; a claim cannot shrink: keep ${is}`,
  "own claim cannot grow": ({ claim, is, asked, storageClass }) =>
    `claim "${claim}" has ${is}, asked is ${asked}, and its class "${storageClass}" does not let claims grow ` +
    `(allowVolumeExpansion): keep ${is}, or ${anotherClaim}`,
};

const anotherVolume = "set nfs.volumeName to a new name";

const nfsVolume: Texts<NfsVolumeFinding> = {
  "volume is elsewhere": ({ volume, is, asked }) =>
    `volume "${volume}" exists and points to ${is ? exportText(is) : "something other than NFS"}, not to ` +
    `${exportText(asked)}; a volume's source cannot change: set nfs.volumeName and nfs.claimName to new names`,
  "volume is read-only": ({ volume }) =>
    `volume "${volume}" is mounted read-only (nfs.readOnly), which cannot change; delete that volume, or ${anotherVolume}`,
  "volume is a block device": ({ volume }) =>
    `volume "${volume}" is a block device (volumeMode Block), which cannot change; delete that volume, or ${anotherVolume}`,
  "volume is reserved": ({ volume, is, asked }) =>
    `volume "${volume}" is reserved for claim ${is.namespace}/${is.name}, not for ${asked.namespace}/${asked.name}; ${anotherVolume}`,
  "volume goes": ({ volume }) => `volume "${volume}" is being deleted; run again when it is gone`,
  "volume goes with its claim": ({ volume, claim, images }) =>
    `volume "${volume}" is being deleted, and goes with claim "${claim}"; ${untouched(images)}`,
  "volume is left over": ({ volume, phase, claim, images }) =>
    `volume "${volume}" is left over from a deleted claim (phase ${phase}); will free it for claim "${claim}"; ${untouched(images)}`,
  "mount options are unseen": ({ volume, is, asked }) =>
    `volume "${volume}" has [${is.join(", ")}], asked is [${asked.join(", ")}]: pods that run keep the old ` +
    `ones until they are deleted and made anew`,
};

const anotherNfsClaim = `set nfs.claimName to a new name, or use it as it is with backend: "pvc"`;

const nfsClaim: Texts<NfsClaimFinding> = {
  "nfs claim is bound elsewhere": ({ claim, is, asked }) =>
    `claim "${claim}" is bound to volume "${is}", not to "${asked}"; ${anotherNfsClaim}`,
  "nfs claim goes": ({ claim, images }) =>
    `claim "${claim}" is being deleted, and goes when no pod uses it; that cannot be taken back. Set managementState to ` +
    `Removed and pulumi up, then back and pulumi up: it is made anew, and the images stay at ${exportText(images)}`,
  "nfs claim has a class": ({ claim, is }) =>
    `claim "${claim}" asks for storage class "${is}" and binds to no volume made here; ${anotherNfsClaim}`,
  "nfs claim is a block device": ({ claim }) =>
    `claim "${claim}" asks for a block device (volumeMode Block); set nfs.claimName to a new name`,
  "nfs claim's modes differ": ({ claim, is, asked }) =>
    `claim "${claim}" has ${is.join(", ")}, asked is ${asked.join(", ")}; ` +
    `a claim's access modes cannot change: set nfs.claimName and nfs.volumeName to new names`,
  "nfs claim's size differs": ({ claim, is, asked }) =>
    `claim "${claim}" has ${is}, asked is ${asked}; a claim on a static volume cannot be resized, and NFS does not ` +
    `enforce the size: keep ${is}, or set nfs.claimName and nfs.volumeName to new names`,
  "nfs claim is lost": ({ claim, volume, images }) =>
    `claim "${claim}" is Lost, because its volume was deleted; will give it volume "${volume}" again; ${untouched(images)}`,
};

/** So many nodes are told of by name. */
const mostNamed = 5;

const nfsClients: Texts<NfsClientFinding> = {
  "nodes are no clients": ({ nodes, clients }) => {
    const named = nodes.map(({ name, addresses }) => `"${name}" (${addresses.join(", ")})`);
    const allowed = clients.join(", ");
    if (named.length === 1)
      return `node ${named[0]} is in none of ${allowed}: the server refuses its mount, and pods there do not start`;
    return (
      `${named.length} nodes are in none of ${allowed}, and pods on them do not start: ` +
      `${named.slice(0, mostNamed).join(", ")} and ${named.length - mostNamed} more`
    );
  },
};

export const storeTexts: Texts<StoreFinding> = {
  ...othersClaim,
  ...classClaim,
  ...nfsVolume,
  ...nfsClaim,
  ...nfsClients,
};

function exportText({ server, path }: Export): string {
  return `${server}:${path}`;
}

function untouched(images: Export): string {
  return `the images are untouched at ${exportText(images)}`;
}

function quoted(names: readonly string[]): string {
  return names.map((name) => `"${name}"`).join(", ") || "none";
}
