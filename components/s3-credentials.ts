import { Secret } from "@pulumi/kubernetes/core/v1";
import * as pulumi from "@pulumi/pulumi";
import { s3KeysManager, s3Secret } from "../platforms/operator/s3-keys";

export interface S3CredentialsArgs {
  /** Namespace of the registry's operator. */
  readonly namespace: string;
  /** Access key of a user who may read and write the bucket. Kept secret. */
  readonly accessKey: pulumi.Input<string>;
  /** Kept secret. */
  readonly secretKey: pulumi.Input<string>;
}

/** The Secret in which the operator looks for S3 credentials given by a user. */
export class S3Credentials extends pulumi.ComponentResource {
  constructor(name: string, args: S3CredentialsArgs, options: pulumi.ComponentResourceOptions = {}) {
    super("image-registry:index:S3Credentials", name, {}, options);
    new Secret(
      `${name}-secret`,
      {
        metadata: {
          name: s3Secret,
          namespace: args.namespace,
          annotations: { "pulumi.com/patchFieldManager": s3KeysManager },
        },
        stringData: {
          REGISTRY_STORAGE_S3_ACCESSKEY: pulumi.secret(args.accessKey),
          REGISTRY_STORAGE_S3_SECRETKEY: pulumi.secret(args.secretKey),
        },
      },
      { parent: this, retainOnDelete: options.retainOnDelete },
    );
    this.registerOutputs({});
  }
}
