import { checkMountedPath, checkSecurity, checkSeconds, checkServer } from "./export-checks";
import { InvalidHost } from "./export-spec";
import { script } from "./script";

/** A node that is to mount the export. */
export interface ClientSpec {
  /** Address or name of the NFS server, as the volume names it. */
  readonly server: string;
  /** Exported directory on the server. */
  readonly path: string;
  /** Mount with NFSv3 instead of NFSv4. @default false */
  readonly nfs3?: boolean;
  /** Security flavour to mount with (nfs(5): sec=). @default "sys" */
  readonly security?: string;
  /** Seconds the server has to answer. @default 60 */
  readonly answerWithin?: number;
  /** Seconds to wait for the package manager and for another run of this script. @default 300 */
  readonly waitForLock?: number;
}

/** The script that readies a node; modes apply and check. */
export function clientScript(spec: ClientSpec): string {
  validateClient(spec);
  const security = spec.security ?? "sys";
  return script(
    {
      SERVER: spec.server,
      EXPORT_PATH: spec.path,
      MOUNT_SOURCE: `${spec.server.includes(":") ? `[${spec.server}]` : spec.server}:${spec.path}`,
      // Soft and read-only: the proof must end, and must not write.
      MOUNT_OPTIONS: `ro,soft,timeo=100,retrans=2,nfsvers=${spec.nfs3 ? "3" : "4.2"},sec=${security}`,
      ANSWER_WITHIN: String(spec.answerWithin ?? 60),
      WAIT_FOR_LOCK: String(spec.waitForLock ?? 300),
    },
    ["host-common.sh", "client-main.sh"],
  );
}

/** Fails on the first value that is no server or path, named as `prefix.key`. */
function validateClient(spec: ClientSpec, prefix = "nfs"): void {
  const problems: Readonly<Record<string, string | undefined>> = {
    server: checkServer(spec.server),
    path: checkMountedPath(spec.path),
    security: checkSecurity(spec.security ?? "sys"),
    answerWithin: checkSeconds(spec.answerWithin ?? 60),
    waitForLock: checkSeconds(spec.waitForLock ?? 300),
  };
  for (const [key, problem] of Object.entries(problems)) {
    if (problem) throw new InvalidHost(`${prefix}.${key}: ${problem}`);
  }
}
