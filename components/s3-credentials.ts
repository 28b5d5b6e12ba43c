import { Secret } from "@pulumi/kubernetes/core/v1";
import * as pulumi from "@pulumi/pulumi";
import { s3Secret } from "../backends/s3";
import { appliedOver, s3Manager } from "../kubernetes/field-managers";
import type { LiveRegistry } from "../platforms/platform";
import { Component } from "./component";

export interface S3CredentialsArgs {
  /** Namespace of the registry. */
  readonly namespace: string;
  /** Access key of a user who may read and write the bucket. Kept secret. */
  readonly accessKey: pulumi.Input<string>;
  /** Kept secret. */
  readonly secretKey: pulumi.Input<string>;
  /** The cluster as it was found: a Secret that somebody else made is taken over. @default there is none */
  readonly checked?: { readonly live: Pick<LiveRegistry, "s3Keys"> };
}

/** The Secret in which the operator looks for S3 credentials given by a user: `image-registry-private-configuration-user`. */
export class S3Credentials extends Component {
  constructor(name: string, args: S3CredentialsArgs, options: pulumi.ComponentResourceOptions = {}) {
    super("S3Credentials", name, options);
    const { namespace, accessKey, secretKey, checked } = args;
    const annotations = appliedOver(checked?.live.s3Keys, s3Manager);
    new Secret(
      this.child("secret"),
      {
        metadata: { name: s3Secret.name, namespace, annotations },
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
