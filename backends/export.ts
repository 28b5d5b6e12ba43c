import type { Backend } from "./backend";
import { exportStatusScript, parseExportStatus, runOverSsh, type ExportStatus } from "../hosts";

/** Where the images are kept, and what the host that serves them says, where the stack reaches it. */
export interface ExportedDirectory {
  readonly server: string;
  readonly path: string;
  readonly host?: ExportStatus;
  /** Why the host said nothing. */
  readonly problem?: string;
}

/** What the host has to say, within `seconds`. */
export async function readExport(
  { needs = {} }: Backend,
  seconds = 60,
): Promise<ExportedDirectory | undefined> {
  const { volume, exportHost } = needs;
  if (!volume) return undefined;
  const { server, path } = volume.nfs;
  if (!exportHost)
    return { server, path, problem: "this stack does not reach its host (nfs.host is not set)" };
  const hurried = { ...exportHost.connection, dialErrorLimit: 0 };
  const { status, stdout, stderr } = await runOverSsh(hurried, "check", exportStatusScript(path), seconds);
  if (status !== 0) return { server, path, problem: stderr.trim() || `its answer ended with ${status}` };
  return { server, path, host: parseExportStatus(stdout) };
}
