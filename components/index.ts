export { InfraPlacement, type InfraPlacementArgs } from "./infra-placement";
export { RegistryOperatorPatch, type RegistryOperatorPatchArgs } from "./registry-operator-patch";
export { RegistryStorage, type RegistryStorageArgs } from "./registry-storage";
export { S3Credentials, type S3CredentialsArgs } from "./s3-credentials";
