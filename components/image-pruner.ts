import { CustomResourcePatch } from "@pulumi/kubernetes/apiextensions";
import * as pulumi from "@pulumi/pulumi";
import { type Drift, driftOf, firstChanges, type SpecObject } from "../platforms/operator/drift";
import { appliedBy } from "../kubernetes/managed-fields";
import type { Placement } from "../kubernetes/nodes";
import { registryApi, registryName } from "../platforms/operator/registry";
import type { PrunerSettings } from "../platforms/operator/settings";
import { patchAnnotations, prunerManager } from "./field-managers";
import { patchNotes } from "./patch-notes";

export interface ImagePrunerArgs {
  /** Where its pods go. @default wherever the scheduler puts them */
  readonly placement?: Placement;
  /** Fields of the ImagePruner's spec. @default none: the operator's or another manager's values stay */
  readonly settings?: PrunerSettings;
  /** The live `imagepruners.imageregistry.operator.openshift.io/cluster`, when the cluster has it. */
  readonly live: SpecObject | undefined;
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
export class ImagePruner extends pulumi.ComponentResource {
  constructor(
    private readonly name: string,
    args: ImagePrunerArgs,
    private readonly options: pulumi.ComponentResourceOptions = {},
  ) {
    super("image-registry:index:ImagePruner", name, {}, options);
    const spec = specOf(args);
    const asked = Object.keys(spec).length > 0;
    if (!args.live) {
      if (asked) void pulumi.log.warn("pruner: this cluster has no ImagePruner; nothing to set up", this);
    } else if (asked || appliedBy(args.live, prunerManager)) {
      this.patch(args.live, spec);
    }
    this.registerOutputs({});
  }

  private patch(live: SpecObject, spec: object): CustomResourcePatch {
    const drift = driftOf(live, prunerManager, spec);
    if (pulumi.runtime.isDryRun()) this.warn(drift, firstChanges(live, prunerManager, spec));
    return new CustomResourcePatch(
      `${this.name}-patch`,
      {
        apiVersion: registryApi,
        kind: "ImagePruner",
        metadata: {
          name: registryName,
          annotations: { ...patchAnnotations(prunerManager), ...patchNotes(live, spec, drift) },
        },
        spec,
      },
      { parent: this, retainOnDelete: this.options.retainOnDelete, aliases: [formerly()] },
    );
  }

  private warn(drift: Drift[], changes: string[]): void {
    for (const { described } of drift) void pulumi.log.warn(described, this);
    for (const change of changes) void pulumi.log.info(change, this);
  }
}

function specOf({ placement, settings }: ImagePrunerArgs): object {
  const { nodeSelector = {}, tolerations = [] } = placement ?? {};
  return {
    ...settings,
    ...(Object.keys(nodeSelector).length > 0 && { nodeSelector: { ...nodeSelector } }),
    ...(tolerations.length > 0 && { tolerations: [...tolerations] }),
  };
}
