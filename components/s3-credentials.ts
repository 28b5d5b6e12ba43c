import { Secret } from "@pulumi/kubernetes/core/v1";
import * as pulumi from "@pulumi/pulumi";
import { s3Secret } from "../backends/s3";
import { appliedAs, s3Manager } from "../kubernetes/field-managers";
import { Component } from "./component";

export interface S3CredentialsArgs {
  /** Namespace of the registry. */
  readonly namespace: string;
  /** Access key of a user who may read and write the bucket. Kept secret. */
  readonly accessKey: pulumi.Input<string>;
  /** Kept secret. */
  readonly secretKey: pulumi.Input<string>;
}

/** The Secret in which the operator looks for S3 credentials given by a user: `image-registry-private-configuration-user`. */
export class S3Credentials extends Component {
  constructor(name: string, args: S3CredentialsArgs, options: pulumi.ComponentResourceOptions = {}) {
    super("S3Credentials", name, options);
    const { namespace, accessKey, secretKey } = args;
    new Secret(
      this.child("secret"),
      {
        metadata: { name: s3Secret.name, namespace, annotations: appliedAs(s3Manager) },
        stringData: {
          [s3Secret.accessKey]: pulumi.secret(accessKey),
          [s3Secret.secretKey]: pulumi.secret(secretKey),
        },
      },
      this.childOptions(),
    );
    this.registerOutputs({});
  }
}
