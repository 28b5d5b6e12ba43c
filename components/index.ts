export { ImagePruner, type ImagePrunerArgs } from "./image-pruner";
export { InfraPlacement, type InfraPlacementArgs } from "./infra-placement";
export { NfsClientHost, type NfsClientHostArgs } from "./nfs-client-host";
export { NfsExportHost, type NfsExportHostArgs } from "./nfs-export-host";
export { OwningStack, type OwningStackArgs } from "./owning-stack";
export { RegistryOperatorPatch, type RegistryOperatorPatchArgs } from "./registry-operator-patch";
export { RegistryStorage, type RegistryStorageArgs } from "./registry-storage";
export { S3Credentials, type S3CredentialsArgs } from "./s3-credentials";
