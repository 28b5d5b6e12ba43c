import type { V1Node } from "@kubernetes/client-node";
import { NodePatch } from "@pulumi/kubernetes/core/v1";
import type * as pulumi from "@pulumi/pulumi";
import { ClusterClient } from "../kubernetes/client";
import { patchAnnotations, placementManager } from "../kubernetes/field-managers";
import type { ClusterConnection } from "../kubernetes/kubeconfig";
import { taintsToBe } from "../kubernetes/node-role";
import type { Placement } from "../kubernetes/nodes";
import { Component } from "./component";

export interface InfraPlacementArgs extends Placement {
  /**
   * Nodes that this stack labels with the nodeSelector and taints with what the tolerations name.
   * @default none: nodes get their role from the machine set
   */
  readonly nodes?: readonly string[];
  /** The cluster whose nodes are looked at; the patches themselves go to the provider's. */
  readonly connection: ClusterConnection;
  /** The cluster's nodes: which taints they have, of which those stay that serve. @default they are read here */
  readonly checked?: { readonly live: { readonly nodes: readonly V1Node[] } };
}

/**
 * Readies the infra nodes. The pods move with RegistryOperatorPatch and ImagePruner, which depend on this: the registry's
 * placement and storage are written at once, so that its pods roll once.
 *
 * @example
 * const nodeSelector = { "node-role.kubernetes.io/infra": "" };
 * const tolerations = [{ key: "node-role.kubernetes.io/infra", operator: "Exists" }];
 * new InfraPlacement("placement", { connection, nodeSelector, tolerations, nodes: ["infra-0"] }, { provider });
 */
export class InfraPlacement extends Component {
  constructor(
    name: string,
    private readonly args: InfraPlacementArgs,
    options: pulumi.ComponentResourceOptions = {},
  ) {
    super("InfraPlacement", name, options);
    for (const node of args.nodes ?? []) this.node(node);
    this.registerOutputs({});
  }

  private node(node: string): NodePatch {
    return new NodePatch(
      this.child(node),
      {
        metadata: {
          name: node,
          labels: { ...this.args.nodeSelector },
          annotations: patchAnnotations(placementManager),
        },
        spec: { taints: this.found(node).then((live) => taintsToBe(live, this.args)) },
      },
      // To let go of the list would take the others' taints with ours; a node keeps its role until someone changes it.
      this.childOptions({ retainOnDelete: true }),
    );
  }

  private async found(name: string): Promise<V1Node | undefined> {
    const { checked, connection } = this.args;
    if (!checked) return new ClusterClient(connection).get<V1Node>("v1", "Node", name);
    return checked.live.nodes.find(({ metadata }) => metadata?.name === name);
  }
}
