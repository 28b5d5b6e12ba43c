import type { V1ConfigMap } from "@kubernetes/client-node";
import { ConfigMap } from "@pulumi/kubernetes/core/v1";
import * as pulumi from "@pulumi/pulumi";
import { ClusterClient, type ClusterConnection } from "../kubernetes/client";
import { madeAnew, madeAnnotation } from "../kubernetes/made-anew";
import { heldByAnother, owningStackName, readOwningStack } from "../platforms/owning-stack";
import { UserError } from "../errors";

export interface OwningStackArgs {
  /** The stack's full name: organization/project/stack. */
  readonly stack: string;
  /** Where the registry runs. */
  readonly namespace: string;
  readonly connection: ClusterConnection;
  /** The ConfigMap as the preflight found it, and a text that is another one whenever the cluster has changed. */
  readonly live: { readonly owningStack: V1ConfigMap | undefined; readonly moment: string };
}

/**
 * Says on the cluster which stack its registry belongs to. Everything else depends on it, so it comes first and goes
 * last; it is never retained, so that a destroyed stack lets go of the cluster.
 */
export class OwningStack extends pulumi.ComponentResource {
  constructor(
    private readonly name: string,
    private readonly args: OwningStackArgs,
    options: pulumi.ComponentResourceOptions = {},
  ) {
    super("image-registry:index:OwningStack", name, {}, options);
    const { owningStack, moment } = args.live;
    const annotations = {
      "pulumi.com/patchFieldManager": "image-registry-stack",
      ...madeAnnotation(owningStack, moment),
    };
    new ConfigMap(
      `${name}-name`,
      {
        metadata: { name: owningStackName, namespace: args.namespace, annotations },
        data: { stack: args.stack },
        // The provider takes up objects that are there. The API server lets nobody write another name into this one.
        immutable: true,
      },
      { parent: this, retainOnDelete: false, hooks: { beforeCreate: [this.refusal()] }, ...madeAnew },
    );
    this.registerOutputs({});
  }

  /** Another stack may have come between the preflight and now. */
  private refusal(): pulumi.ResourceHook {
    return new pulumi.ResourceHook(`${this.name}-refuse`, async () => {
      const { connection, stack, namespace } = this.args;
      const held = heldByAnother(await readOwningStack(new ClusterClient(connection), namespace), stack);
      if (held) throw new UserError(held);
    });
  }
}
