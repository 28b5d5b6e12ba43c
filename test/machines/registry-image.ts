import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import * as path from "node:path";

import type { ImageContent } from "../../sandbox/oci-image";
import { certificate } from "../../sandbox/operator/environment";
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

/** OpenShift's in little: a user of its own, and the certificate that its operator has told it to serve with. */
export async function openshiftRegistryImage(pki: string): Promise<ImageContent> {
  const { layers, ...image } = await registryImage();
  const tls = {
    [certificate.crt.slice(1)]: path.join(pki, "server.crt"),
    [certificate.key.slice(1)]: path.join(pki, "server.key"),
  };
  return { ...image, layers: [...layers, tls], user: 1001 };
}
