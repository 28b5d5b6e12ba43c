import { NodePatch } from "@pulumi/kubernetes/core/v1";
import type { V1Taint } from "@kubernetes/client-node";
import * as pulumi from "@pulumi/pulumi";
import type { LiveRegistry } from "../platforms/operator/live";
import type { Placement } from "../kubernetes/nodes";
import { patchAnnotations, placementManager } from "./field-managers";

export interface InfraPlacementArgs extends Placement {
  /**
   * Nodes that this stack labels with the nodeSelector and taints with what the tolerations name.
   * @default none: nodes get their role from the machine set
   */
  readonly nodes?: readonly string[];
  /** The live cluster: which taints the named nodes have. */
  readonly live: Pick<LiveRegistry, "nodes">;
}

/**
 * Readies the infra nodes. The pods move with RegistryOperatorPatch and ImagePruner, which depend on this: the registry's
 * placement and storage are written at once, so that its pods roll once.
 */
export class InfraPlacement extends pulumi.ComponentResource {
  constructor(
    private readonly name: string,
    private readonly args: InfraPlacementArgs,
    options: pulumi.ComponentResourceOptions = {},
  ) {
    super("image-registry:index:InfraPlacement", name, {}, options);
    for (const node of args.nodes ?? []) this.node(node);
    this.registerOutputs({});
  }

  private node(node: string): NodePatch {
    return new NodePatch(
      `${this.name}-${node}`,
      {
        metadata: {
          name: node,
          labels: { ...this.args.nodeSelector },
          annotations: patchAnnotations(placementManager),
        },
        spec: { taints: [...this.othersTaints(node), ...this.taints()] },
      },
      // To let go of the list would take the others' taints with ours; a node keeps its role until someone changes it.
      { parent: this, retainOnDelete: true },
    );
  }

  // The list of taints is atomic to server-side apply: to add ours is to name those of others too. What Kubernetes
  // itself puts on a node that is cordoned or not ready comes and goes, and comes back by itself.
  private othersTaints(node: string): Taint[] {
    const found = this.args.live.nodes.find(({ metadata }) => metadata?.name === node);
    const ours = this.taints();
    return (found?.spec?.taints ?? [])
      .filter(({ key }) => !key.startsWith("node.kubernetes.io/"))
      .filter(({ key, effect }) => !ours.some((taint) => taint.key === key && taint.effect === effect))
      .map(({ key, value, effect }) => ({ key, value, effect }));
  }

  private taints(): Taint[] {
    return this.args.tolerations.flatMap(({ key, value, effect }) =>
      key ? [{ key, value, effect: effect ?? "NoSchedule" }] : [],
    );
  }
}

type Taint = Pick<V1Taint, "key" | "value" | "effect">;
