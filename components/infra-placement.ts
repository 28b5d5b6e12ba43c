import type { V1Node, V1Taint } from "@kubernetes/client-node";
import { NodePatch } from "@pulumi/kubernetes/core/v1";
import type * as pulumi from "@pulumi/pulumi";
import { ClusterClient } from "../kubernetes/client";
import { patchAnnotations, placementManager } from "../kubernetes/field-managers";
import type { ClusterConnection } from "../kubernetes/kubeconfig";
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
  /** The cluster's nodes: which taints they have. @default they are read here */
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
        spec: { taints: this.found(node).then((live) => [...this.othersTaints(live), ...this.taints()]) },
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

  // The list of taints is atomic to server-side apply: to add ours is to name those of others too. What Kubernetes
  // itself puts on a node that is cordoned or not ready comes and goes, and comes back by itself.
  private othersTaints(live: V1Node | undefined): Taint[] {
    const ours = this.taints();
    return (live?.spec?.taints ?? [])
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
