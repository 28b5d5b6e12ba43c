import { homedir } from "node:os";
import * as path from "node:path";

/** Where all checkouts of this user keep what was built once. */
export function cacheFolder(): string {
  const named = process.env["XDG_CACHE_HOME"] ?? "";
  // The XDG specification has a relative one count as none; Go runs in other folders than this process.
  const caches = path.isAbsolute(named) ? named : path.join(homedir(), ".cache");
  return path.join(caches, "image-registry-sandbox");
}
