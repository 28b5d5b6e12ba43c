import type { Configuration } from "../config/schema";
import type { Backend } from "./backend";
import { claim } from "./claim";
import { emptyDir } from "./empty-dir";
import { nfs } from "./nfs";
import { objectStore } from "./object-store";
import { s3 } from "./s3";

/** Where a stack's configuration may put images, by the value of `backend`. */
const backends: Record<Configuration["backend"], (config: Configuration) => Backend> = {
  emptyDir,
  nfs,
  pvc: claim,
  s3,
  azure: (config) => objectStore("azure", config),
  gcs: (config) => objectStore("gcs", config),
  swift: (config) => objectStore("swift", config),
  oss: (config) => objectStore("oss", config),
  ibmcos: (config) => objectStore("ibmcos", config),
};

export function backendOf(config: Configuration): Backend {
  return backends[config.backend](config);
}
