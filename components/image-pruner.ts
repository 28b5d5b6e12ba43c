import { CustomResourcePatch } from "@pulumi/kubernetes/apiextensions";
import * as pulumi from "@pulumi/pulumi";
import { patchAnnotations, prunerManager } from "../kubernetes/field-managers";
import { appliedBy } from "../kubernetes/managed-fields";
import type { Placement } from "../kubernetes/nodes";
import { fieldsLost, firstChanges, type SpecObject } from "../platforms/field-drift";
import type { LiveOperator } from "../platforms/operator/live";
import { patchNotes } from "../platforms/operator/patch-notes";
import { registryApi, registryName } from "../platforms/operator/registry";
import type { PrunerSettings } from "../crds/fields";
import { isNobodys } from "../platforms/owning-stack";
import { driftText } from "../platforms/text";
import { Component } from "./component";

export interface ImagePrunerArgs {
  /** Where its pods go. @default wherever the scheduler puts them */
  readonly placement?: Placement;
  /** Fields of the ImagePruner's spec. @default none: the operator's or another manager's values stay */
  readonly settings?: PrunerSettings | undefined;
  /**
   * The live `imagepruners.imageregistry.operator.openshift.io/cluster`, undefined where the cluster has none.
   * @default it is there, and Pulumi's state is believed
   */
  readonly checked?: { readonly live: Pick<LiveOperator, "pruner" | "owningStack"> };
}

/** Its name while InfraPlacement placed the pruner. */
const formerly = () => ({
  name: "placement-pruner",
  parent: pulumi.createUrn("placement", "image-registry:index:InfraPlacement"),
});

/**
 * The job that deletes images no longer in use, as the stack wants it: placement and settings in one patch. All of its
 * fields are optional, so a stack that asks for none of them any more lets go of those it had.
 */
export class ImagePruner extends Component {
  constructor(name: string, args: ImagePrunerArgs, options: pulumi.ComponentResourceOptions = {}) {
    super("ImagePruner", name, options);
    const spec = specOf(args);
    const asked = Object.keys(spec).length > 0;
    const live = args.checked ? args.checked.live.pruner : unseen;
    if (!live) {
      if (asked) this.warn("pruner: this cluster has no ImagePruner; nothing to set up");
    } else if (asked || appliedBy(live, prunerManager)) {
      this.patch(live, spec, args.checked ? isNobodys(args.checked.live) : false);
    }
    this.registerOutputs({});
  }

  private patch(live: SpecObject, spec: object, isLeft: boolean): CustomResourcePatch {
    const drift = fieldsLost(live, prunerManager, { spec });
    if (pulumi.runtime.isDryRun()) {
      for (const field of drift) this.warn(driftText(field));
      for (const change of firstChanges(live, prunerManager, { spec }, { isLeft }))
        this.inform(driftText(change));
    }
    const notes = live === unseen ? {} : patchNotes(live, spec, drift);
    return new CustomResourcePatch(
      this.child("patch"),
      {
        apiVersion: registryApi,
        kind: "ImagePruner",
        metadata: { name: registryName, annotations: { ...patchAnnotations(prunerManager), ...notes } },
        spec,
      },
      this.childOptions({
        aliases: [formerly()],
        hooks: { beforeCreate: [this.takeUp(live, spec, isLeft)] },
      }),
    );
  }

  /** What else changes where the stack's state is lost. */
  private takeUp(live: SpecObject, spec: object, isLeft: boolean): pulumi.ResourceHook {
    return this.whenNew("take-up", () => {
      const changes = isLeft ? [] : firstChanges(live, prunerManager, { spec }, { isLeft: true });
      const told = new Set(firstChanges(live, prunerManager, { spec }).map(driftText));
      for (const text of changes.map(driftText)) if (!told.has(text)) this.inform(text);
      return Promise.resolve();
    });
  }
}

const unseen: SpecObject = {};

function specOf({ placement, settings }: ImagePrunerArgs): object {
  const { nodeSelector = {}, tolerations = [] } = placement ?? {};
  return {
    ...settings,
    ...(Object.keys(nodeSelector).length > 0 && { nodeSelector: { ...nodeSelector } }),
    ...(tolerations.length > 0 && { tolerations: [...tolerations] }),
  };
}
