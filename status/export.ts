import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { promisify } from "node:util";

import type { Configuration } from "../config";
import { exportHostConnection } from "../host-args";
import {
  command,
  exportStatusScript,
  parseExportStatus,
  sshCommandLine,
  type ExportStatus,
  type SshConnection,
} from "../hosts";

/** Where the images are kept, and what the host that serves them says, where the stack reaches it. */
export interface ExportedDirectory {
  readonly server: string;
  readonly path: string;
  readonly host?: ExportStatus;
  /** Why the host said nothing. */
  readonly problem?: string;
}

export async function readExport({
  backend,
  nfs,
  sshPrivateKey,
}: Configuration): Promise<ExportedDirectory | undefined> {
  if (backend !== "nfs" || !nfs) return undefined;
  const { server, path, host } = nfs;
  if (!host) return { server, path, problem: "this stack does not reach its host (nfs.host is not set)" };
  try {
    return { server, path, host: await ask(exportHostConnection(nfs, host, sshPrivateKey), path) };
  } catch (error) {
    const { stderr } = error as { stderr?: string };
    return { server, path, problem: stderr?.trim() || String(error) };
  }
}

async function ask(connection: SshConnection, exported: string): Promise<ExportStatus> {
  const keys = mkdtempSync(path.join(tmpdir(), "ssh-"));
  try {
    const hurried = { ...connection, dialErrorLimit: 0 };
    const [program = "", ...args] = sshCommandLine(hurried, keys, command("check"));
    const run = promisify(execFile)(program, args, { timeout: 60_000 });
    run.child.stdin?.end(exportStatusScript(exported));
    return parseExportStatus((await run).stdout);
  } finally {
    rmSync(keys, { recursive: true });
  }
}
