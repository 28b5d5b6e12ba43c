import { createHash } from "node:crypto";

import {
  checkClients,
  checkExportPath,
  checkFsid,
  checkId,
  checkMode,
  checkSecurity,
  checkSeconds,
  checkUid,
} from "./export-checks";
import { parseQuantity } from "../kubernetes/quantity";

/** What is exported, to whom, and as whom its files are written. */
export interface ExportSpec {
  /** Names the export on its host: its exports file, firewall rules and records carry it. */
  readonly id: string;
  /** Absolute path of the exported directory. */
  readonly path: string;
  /** Networks (CIDR) or addresses that may mount it, IPv4 and IPv6. */
  readonly clients: readonly string[];
  /** Owner of the directory; every client user is squashed to it (exports(5): all_squash, anonuid). */
  readonly uid: number;
  /** Group of the directory and of every file written (anongid). */
  readonly gid: number;
  /** Octal permissions of the directory. @default "0770" */
  readonly mode?: string;
  /** Security flavours, joined by colons (exports(5): sec=). @default "sys" */
  readonly security?: string;
  /** Refuse to serve the directory unless a file system is mounted on it. @default false */
  readonly requireMountPoint?: boolean;
  /** Number that identifies the file system to clients where it has no UUID (exports(5): fsid=). @default none */
  readonly fsid?: number;
  /** Space the file system must offer, as a Kubernetes quantity ("100Gi"): the size of the volume. */
  readonly minimumFree?: string;
}

/** Which NFS versions the host serves. */
export interface ProtocolSpec {
  /** Serve NFSv3 as well, on fixed ports. @default false: NFSv4 alone, on 2049/tcp */
  readonly nfs3?: boolean;
  /** The host has no other use for rpcbind: without NFSv3 it is masked. @default false */
  readonly dedicated?: boolean;
}

/** Whose an export is: a host that serves several stacks keeps them apart by it. */
export interface ExportOwner {
  /** Full name of the stack: "organization/project/stack". */
  readonly stack: string;
  /** Name of the cluster whose registry uses the export. */
  readonly cluster: string;
  /**
   * What no other cluster has: the uid of its namespace kube-system. Where both sides know theirs, it decides and not the
   * name, which is a kubeconfig's. @default none
   */
  readonly clusterUid?: string | undefined;
}

/** All that the server script is rendered from. */
export interface ServerSpec {
  readonly export: ExportSpec;
  /** Recorded on the host. An export of another owner is refused, and never removed. */
  readonly owner: ExportOwner;
  /** Full name of the stack that has the export until now, to take it over. @default none */
  readonly takeOverFrom?: string;
  readonly protocols?: ProtocolSpec;
  /** "auto" opens the firewall that is active; "none" leaves it alone. @default "auto" */
  readonly firewall?: "auto" | "none";
  /**
   * Other people's exports that reach the same files and would not be accepted of this one, such as one to every host:
   * "refuse" to serve beside them, or "warn". A check finds them either way. @default "refuse"
   */
  readonly otherExports?: "refuse" | "warn";
  /** Remove the export, or a client of it, even while clients hold it. @default false */
  readonly force?: boolean;
  /** Seconds to wait for the package manager and for another run of this script. @default 300 */
  readonly waitForLock?: number;
}

/** A host's description that cannot be carried out safely; thrown before anything connects. */
export class InvalidHost extends Error {
  override name = "InvalidHost";
}

/** Fails on the first value that could harm the host or its data, named as `prefix.key`. */
export function validateServer(spec: ServerSpec, prefix = "nfs"): void {
  const problems: Readonly<Record<string, string | undefined>> = {
    id: checkId(spec.export.id),
    path: checkExportPath(spec.export.path),
    uid: checkUid(spec.export.uid),
    gid: checkUid(spec.export.gid),
    mode: checkMode(spec.export.mode ?? "0770"),
    security: checkSecurity(spec.export.security ?? "sys"),
    fsid: spec.export.fsid === undefined ? undefined : checkFsid(spec.export.fsid),
    minimumFree: minimumFreeProblem(spec.export.minimumFree),
    owner: ownerProblem(spec.owner),
    waitForLock: checkSeconds(spec.waitForLock ?? 300),
  };
  const clients = checkClients(spec.export.clients);
  if (clients) throw new InvalidHost(`${prefix}.clients${clients}`);
  for (const [key, problem] of Object.entries(problems)) {
    if (problem) throw new InvalidHost(`${prefix}.${key}: ${problem}`);
  }
}

/**
 * The export's name on its host. The path is part of it, so that an export whose path changes is another export:
 * the new one is made and the registry moved before the old one is taken away.
 */
export function exportName(spec: Pick<ExportSpec, "id" | "path">): string {
  return `${spec.id}-${createHash("sha256").update(spec.path).digest("hex").slice(0, 8)}`;
}

/** The record on the host has a line for each. */
function ownerProblem({ stack, cluster, clusterUid = "none" }: ExportOwner): string | undefined {
  return [stack, cluster, clusterUid].every((name) => /^\S[^\n\r]*$/.test(name))
    ? undefined
    : `${JSON.stringify({ stack, cluster })} names no stack or no cluster, on one line each`;
}

function minimumFreeProblem(quantity: string | undefined): string | undefined {
  return quantity === undefined || parseQuantity(quantity) !== undefined
    ? undefined
    : `"${quantity}" is not a quantity; write one such as 100Gi`;
}
