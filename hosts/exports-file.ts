import { canonicalClient } from "./export-checks";
import type { ExportSpec } from "./export-spec";

/** The first line of every file this project writes on a host. */
export const fileNote = "# Written by image-registry; edits are overwritten.";

/**
 * exports(5) options. OpenShift asks sync and no_wdelay of NFS under a registry with more than one replica; every
 * user is squashed to the directory's owner, because pods run under arbitrary users and fsGroup is not applied to NFS.
 */
export function exportOptions(spec: ExportSpec): string[] {
  return [
    "rw",
    "sync",
    "no_wdelay",
    "no_subtree_check",
    "all_squash",
    `anonuid=${spec.uid}`,
    `anongid=${spec.gid}`,
    `sec=${spec.security ?? "sys"}`,
    ...(spec.fsid === undefined ? [] : [`fsid=${spec.fsid}`]),
  ];
}

/** Our file in /etc/exports.d: one line for each client, so that no line has two clients to get wrong. */
export function exportsFile(spec: ExportSpec): string {
  const options = exportOptions(spec).join(",");
  return [
    fileNote,
    ...spec.clients.map((client) => `${spec.path} ${canonicalClient(client)}(${options})`),
  ].join("\n");
}

/** What exportfs adds to the options of its table (/var/lib/nfs/etab) where a line does not say otherwise. */
export const defaultOptions: readonly string[] =
  "hide nocrossmnt secure root_squash secure_locks acl no_pnfs pnfs".split(" ");
