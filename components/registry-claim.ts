import { PersistentVolumeClaim } from "@pulumi/kubernetes/core/v1";
import type * as pulumi from "@pulumi/pulumi";
import type { ClassClaim } from "../backends/backend";
import { bindsAtFirstUse, sizeOf } from "../backends/class-claim";
import { patchAnnotations, storageManager } from "../kubernetes/field-managers";
import { madeAnew, madeAnnotation } from "../kubernetes/made-anew";
import type { LiveRegistry } from "../platforms/platform";
import { Component } from "./component";

export interface RegistryClaimArgs extends ClassClaim {
  /** Namespace of the claim; the registry's pods run there. */
  readonly namespace: string;
  /**
   * The cluster as it was found: its classes say whether to wait for the claim, and a claim deleted by hand is made anew.
   * @default none: the claim is waited for until Bound, and Pulumi's state is believed
   */
  readonly checked?: { readonly live: Pick<LiveRegistry, "claims" | "classes" | "moment"> };
}

/**
 * The registry's claim on a volume that a storage class provides. It outlives its stack, also one that takes the registry
 * down: most classes delete the volume, and with it the images, when its claim goes.
 *
 * @example new RegistryClaim("storage", { namespace, claimName: "images", accessModes: ["ReadWriteMany"] }, { provider })
 */
export class RegistryClaim extends Component {
  readonly claimName: pulumi.Output<string>;

  constructor(name: string, args: RegistryClaimArgs, options: pulumi.ComponentResourceOptions = {}) {
    super("RegistryClaim", name, options);
    this.claimName = this.claim(args).metadata.name;
    this.registerOutputs({ claimName: this.claimName });
  }

  private claim(args: RegistryClaimArgs): PersistentVolumeClaim {
    const { claimName, namespace, accessModes, storageClassName, checked } = args;
    const live = checked?.live.claims.find(({ metadata }) => metadata?.name === claimName);
    return new PersistentVolumeClaim(
      this.child("claim"),
      {
        metadata: {
          name: claimName,
          namespace,
          annotations: {
            ...patchAnnotations(storageManager),
            ...(checked && madeAnnotation(live, checked.live.moment)),
            // The provider waits for such a claim until it is Pending, and for one that is Bound already until it gives up.
            ...(checked && bindsAtFirstUse(checked.live, args) && { "pulumi.com/skipAwait": "true" }),
          },
        },
        spec: {
          accessModes: [...accessModes],
          resources: { requests: { storage: sizeOf(args, live) } },
          ...(storageClassName !== undefined && { storageClassName }),
        },
      },
      this.childOptions({ ...madeAnew, retainOnDelete: true }),
    );
  }
}
