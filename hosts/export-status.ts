import { script } from "./script";

/** What a host says of an export, as it is now. */
export interface ExportStatus {
  /** Networks and hosts it is served to. */
  readonly clients: readonly string[];
  /** Of the file system under it, in bytes. */
  readonly size: number;
  /** What a user who is not root can still write, in bytes. */
  readonly free: number;
}

/** Asks for it; only reads. Sent to the shell of {@link command}, any mode. */
export function exportStatusScript(path: string): string {
  return script({ EXPORT_PATH: path }, ["export-status.sh"]);
}

/** Reads the answer. */
export function parseExportStatus(answer: string): ExportStatus {
  const [space = "", ...clients] = answer.trim().split("\n");
  const [size, free] = space.trim().split(/\s+/).map(Number);
  return { clients, size: size ?? NaN, free: free ?? NaN };
}
