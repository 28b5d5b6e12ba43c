import type { ComponentResourceOptions, Resource } from "@pulumi/pulumi";
import * as components from ".";
import type { RegistryStorageArgs } from "./registry-storage";
import type { Configuration } from "../config";
import { clientHostArgs, exportHostArgs } from "../backends/nfs-hosts";

interface Options extends ComponentResourceOptions {
  readonly dependsOn?: Resource[];
}

/** What the registry's pods need before they are told to use it. */
export function storageOf(
  config: Configuration,
  namespace: string,
  found: RegistryStorageArgs["found"],
  options: Options,
) {
  if (config.backend === "s3") {
    // The patch that takes the registry down takes the keys with it: by name, for Pulumi would watch all Secrets.
    if (config.platform === "operator" && options.retainOnDelete === false)
      return { needed: [], outputs: {} };
    const keys = { accessKey: config.s3AccessKey, secretKey: config.s3SecretKey };
    return { needed: [new components.S3Credentials("s3", { namespace, ...keys }, options)], outputs: {} };
  }
  const { nfs } = config;
  if (config.backend !== "nfs" || !nfs)
    return { needed: [], outputs: config.backend === "pvc" ? config.pvc : {} };
  const { retainOnDelete, dependsOn = [] } = options;
  const server = nfs.host
    ? [
        new components.NfsExportHost("nfs", exportHostArgs(config, nfs, nfs.host), {
          retainOnDelete,
          dependsOn,
        }),
      ]
    : [];
  const clients = nfs.clientHosts.map(
    (node) =>
      new components.NfsClientHost(`nfs-client-${node.address}`, clientHostArgs(config, nfs, node), {
        dependsOn: [...dependsOn, ...server],
      }),
  );
  const volumeArgs = { namespace, ...nfs, nfs: { server: nfs.server, path: nfs.path }, found };
  const storage = new components.RegistryStorage("storage", volumeArgs, {
    ...options,
    dependsOn: [...dependsOn, ...server],
  });
  const { claimName: claim, volumeName: volume } = storage;
  return { needed: [storage, ...clients], outputs: { claim, volume } };
}
