import type { ComponentResourceOptions, Output, Resource } from "@pulumi/pulumi";
import type { Needs } from "../backends/backend";
import type { Checked } from "../platforms/check";
import { NfsClientHost } from "./nfs-client-host";
import { NfsExportHost } from "./nfs-export-host";
import { RegistryClaim, type RegistryClaimArgs } from "./registry-claim";
import { RegistryStorage, type RegistryStorageArgs } from "./registry-storage";
import { S3Credentials, type S3CredentialsArgs } from "./s3-credentials";

interface Options extends ComponentResourceOptions {
  readonly dependsOn: Resource[];
}

/** What a backend needs before the registry's pods are told to use it. */
export function makeNeeds(
  { volume, claim, exportHost, clientHosts = [], s3Keys }: Needs,
  place: Pick<RegistryStorageArgs & RegistryClaimArgs & S3CredentialsArgs, "namespace" | "checked"> & {
    readonly checked: Pick<Checked, "clusterUid">;
  },
  options: Options,
): { needed: Resource[]; volume?: Output<string> } {
  // Hosts are no matter of the Kubernetes provider.
  const { retainOnDelete, dependsOn } = options;
  const { clusterUid } = place.checked;
  const server = exportHost
    ? [new NfsExportHost("nfs", { ...exportHost, clusterUid }, { retainOnDelete, dependsOn })]
    : [];
  const served = [...dependsOn, ...server];
  const clients = clientHosts.map(
    (node) => new NfsClientHost(`nfs-client-${node.connection.host}`, node, { dependsOn: served }),
  );
  // What takes the registry down takes the keys with it: by name, for Pulumi would watch all Secrets.
  const goes = retainOnDelete === false;
  const keys = s3Keys && !goes ? [new S3Credentials("s3", { ...s3Keys, ...place }, options)] : [];
  const claims = claim ? [new RegistryClaim("storage", { ...claim, ...place }, options)] : [];
  if (!volume) return { needed: [...clients, ...claims, ...keys] };
  const storage = new RegistryStorage("storage", { ...volume, ...place }, { ...options, dependsOn: served });
  return { needed: [storage, ...clients, ...keys], volume: storage.volumeName };
}
