import { CustomResourcePatch } from "@pulumi/kubernetes/apiextensions";
import { NodePatch } from "@pulumi/kubernetes/core/v1";
import * as pulumi from "@pulumi/pulumi";
import type { LiveRegistry } from "../cluster/live-registry";
import type { Placement } from "../cluster/nodes";
import { registryApi, registryName } from "../cluster/registry-types";
import { patchAnnotations, placementManager } from "./field-managers";

export interface InfraPlacementArgs extends Placement {
  /**
   * Nodes that this stack labels with the nodeSelector and taints with what the tolerations name.
   * @default none: nodes get their role from the machine set
   */
  readonly nodes?: readonly string[];
  /** The live cluster: which taints the named nodes have, and whether there is an image pruner to place. */
  readonly live: Pick<LiveRegistry, "nodes" | "prunerExists">;
}

/**
 * Puts the registry's pods, and the image pruner's, on infra nodes: `spec.nodeSelector` and `spec.tolerations` of the
 * Config and ImagePruner CRs, under a field manager of their own. Comes before the storage, so that pods roll once.
 */
export class InfraPlacement extends pulumi.ComponentResource {
  constructor(
    private readonly name: string,
    private readonly args: InfraPlacementArgs,
    private readonly options: pulumi.ComponentResourceOptions = {},
  ) {
    super("image-registry:index:InfraPlacement", name, {}, options);
    const nodes = (args.nodes ?? []).map((node) => this.node(node));
    this.patch("Config", nodes);
    if (args.live.prunerExists) this.patch("ImagePruner", nodes);
    this.registerOutputs({});
  }

  private patch(kind: "Config" | "ImagePruner", nodes: NodePatch[]): CustomResourcePatch {
    const { nodeSelector, tolerations } = this.args;
    return new CustomResourcePatch(
      `${this.name}-${kind === "Config" ? "registry" : "pruner"}`,
      {
        apiVersion: registryApi,
        kind,
        metadata: { name: registryName, annotations: patchAnnotations(placementManager) },
        spec: { nodeSelector, tolerations },
      },
      { ...this.childOptions(), dependsOn: nodes },
    );
  }

  private node(node: string): NodePatch {
    const found = this.args.live.nodes.find(({ metadata }) => metadata?.name === node);
    const ours = this.taints();
    // The list of taints is atomic to server-side apply: to add ours is to name those of others too.
    const others = (found?.spec?.taints ?? [])
      .filter(({ key, effect }) => !ours.some((taint) => taint.key === key && taint.effect === effect))
      .map(({ key, value, effect }) => ({ key, value, effect }));
    return new NodePatch(
      `${this.name}-${node}`,
      {
        metadata: {
          name: node,
          labels: { ...this.args.nodeSelector },
          annotations: patchAnnotations(placementManager),
        },
        spec: { taints: [...others, ...ours] },
      },
      this.childOptions(),
    );
  }

  private taints(): { key: string; value: string | undefined; effect: string }[] {
    return this.args.tolerations.flatMap(({ key, value, effect }) =>
      key ? [{ key, value, effect: effect ?? "NoSchedule" }] : [],
    );
  }

  private childOptions(): pulumi.CustomResourceOptions {
    return { parent: this, retainOnDelete: this.options.retainOnDelete };
  }
}
