import type { V1ConfigMap } from "@kubernetes/client-node";
import { ConfigMap } from "@pulumi/kubernetes/core/v1";
import type * as pulumi from "@pulumi/pulumi";
import { UserError } from "../errors";
import { ClusterClient } from "../kubernetes/client";
import { appliedOver, stackManager } from "../kubernetes/field-managers";
import type { ClusterConnection } from "../kubernetes/kubeconfig";
import { madeAnew, madeAnnotation } from "../kubernetes/made-anew";
import { heldByAnother, owningStackName, readOwningStack } from "../platforms/owning-stack";
import { driftText, findingText } from "../platforms/text";
import type { Drift } from "../platforms/observed";
import { Component } from "./component";

export interface OwningStackArgs {
  /** The stack's full name: organization/project/stack. */
  readonly stack: string;
  /** Where the registry runs. */
  readonly namespace: string;
  /** The cluster that is looked at; the ConfigMap itself goes to the provider's. */
  readonly connection: ClusterConnection;
  /**
   * The ConfigMap, where there is one, and a text that is another one whenever the cluster has changed: one that somebody
   * deleted is then made anew. @default none: Pulumi's state is believed
   */
  readonly checked?: {
    readonly live: { readonly owningStack: V1ConfigMap | undefined; readonly moment: string };
    /** What changes in what the stack set up, where its state is lost. @default it is not told */
    readonly takenUp?: () => Promise<readonly Drift[]>;
  };
}

/**
 * Says on the cluster which stack its registry belongs to. Everything else depends on it, so it comes first and goes
 * last; it is never retained, so that a destroyed stack lets go of the cluster.
 */
export class OwningStack extends Component {
  constructor(
    name: string,
    private readonly args: OwningStackArgs,
    options: pulumi.ComponentResourceOptions = {},
  ) {
    super("OwningStack", name, options);
    const { stack, namespace, checked } = args;
    const made = checked && madeAnnotation(checked.live.owningStack, checked.live.moment);
    new ConfigMap(
      this.child("name"),
      {
        metadata: {
          name: owningStackName,
          namespace,
          annotations: { ...appliedOver(checked?.live.owningStack, stackManager), ...made },
        },
        data: { stack },
        // The provider takes up objects that are there. The API server lets nobody write another name into this one.
        immutable: true,
      },
      this.childOptions({
        retainOnDelete: false,
        hooks: { beforeCreate: [this.refusal(), this.takeUp()] },
        ...madeAnew,
      }),
    );
    this.registerOutputs({});
  }

  /** The cluster names this stack, and the state knows nothing of it: it was lost, or is kept elsewhere. */
  private takeUp(): pulumi.ResourceHook {
    return this.whenNew("take-up", async () => {
      const { checked, namespace } = this.args;
      if (!checked?.live.owningStack) return;
      this.warn(
        `this stack has set up the registry of this cluster before (ConfigMap ${namespace}/${owningStackName}), and its state ` +
          `has nothing of it. If the state is kept elsewhere, stop here, and use that one. If it is lost, go on: what is there ` +
          `is taken up as it is, but for what this preview tells`,
      );
      for (const change of (await checked.takenUp?.()) ?? []) this.inform(driftText(change));
    });
  }

  /** Another stack may have come between the preflight and now. */
  private refusal(): pulumi.ResourceHook {
    return this.hook("refuse", async () => {
      const { connection, stack, namespace } = this.args;
      const held = heldByAnother(await readOwningStack(new ClusterClient(connection), namespace), stack);
      if (held) throw new UserError(findingText(held));
    });
  }
}
