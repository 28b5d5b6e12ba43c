import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import * as path from "node:path";

import type { ImageContent } from "../../sandbox/oci-image";
import { buildRegistry, registryFiles } from "../../sandbox/registry";

/**
 * The published image in little: the same program, at the same place, with the same default configuration, and busybox, whose
 * shell has all tools in itself.
 */
export async function registryImage(): Promise<ImageContent> {
  const programs = await buildRegistry({ log: console.error });
  const config = "etc/distribution/config.yml";
  const busybox = ["/bin/busybox", "/usr/bin/busybox"].find((file) => existsSync(file));
  return {
    layers: [
      { "bin/sh": busybox ?? assert.fail("busybox is not installed") },
      { "bin/registry": path.join(programs, "registry") },
      { [config]: path.join(registryFiles, config) },
    ],
    entrypoint: ["/bin/registry", "serve", `/${config}`],
  };
}
