import { homedir } from "node:os";
import * as path from "node:path";

/** Where all checkouts of this user keep what was built once. */
export function cacheFolder(): string {
  return path.join(process.env["XDG_CACHE_HOME"] || path.join(homedir(), ".cache"), "image-registry-sandbox");
}
