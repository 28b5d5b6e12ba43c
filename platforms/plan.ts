import type { V1Pod } from "@kubernetes/client-node";
import { backendOf } from "../backends";
import { storesNamed } from "../backends/store-names";
import type { Asked, Backend, ManagementState, RolloutStrategy, Storage } from "../backends/backend";
import type { Configuration } from "../config/schema";
import { withRole } from "../kubernetes/node-role";
import type { Placement } from "../kubernetes/nodes";
import { nameOf } from "../kubernetes/scheduling/pod";
import type { WantedPlace } from "../kubernetes/scheduling/read-place";
import type { RegistrySettings } from "../crds/fields";

/** What a stack asks of the registry, as far as it can be checked against the live cluster. */
export interface RegistryPlan extends Asked {
  readonly storage: Storage;
  readonly backend: Backend;
  /** Where the pods will go: what the CR's nodeSelector and tolerations will be. */
  readonly placement: Placement;
  /** Nodes that this run labels as infra nodes itself. */
  readonly nodesToLabel: readonly string[];
  /** The stores whose images may be lost, as the user says. @example ["emptyDir", "pvc images"] */
  readonly acceptImageLoss: readonly string[];
  /** A change of the store takes the images along. */
  readonly copyImages: boolean;
  readonly settings: RegistrySettings;
}

/** The part of the plan that is the same whoever runs the registry. */
export function planIn(namespace: string, config: Configuration): RegistryPlan {
  const { managementState, replicas, rolloutStrategy, placement, registry = {} } = config;
  const { acceptImageLoss, copyImages } = config;
  const infra = placement?.infra ? placement : undefined;
  const backend = backendOf(config);
  return planFor(namespace, {
    managementState,
    replicas,
    rolloutStrategy,
    storage: backend.storage,
    backend,
    ...(infra && { placement: infra, nodesToLabel: infra.nodes }),
    acceptImageLoss: storesNamed(acceptImageLoss),
    copyImages,
    settings: registry,
  });
}

/** Which nodes are to be looked at for it, beside the pods that run. */
export function wantedPlace(plan: RegistryPlan, { pods }: { readonly pods: readonly V1Pod[] }): WantedPlace {
  const { replicas, placement, nodesToLabel, backend } = plan;
  return {
    replicas,
    beside: pods,
    nodeSelector: placement.nodeSelector,
    named: nodesToLabel,
    asWillBe: (node) => (nodesToLabel.includes(nameOf(node)) ? withRole(node, placement) : node),
    // The addresses of each are compared with the export's clients.
    everyNode: backend.needs?.exportHost !== undefined,
  };
}

/**
 * The storage with its managementState: what the operator wrote there for an earlier backend would stay, and Managed lets
 * it delete the claim.
 */
export function kept(storage: Storage): Storage {
  return { managementState: "Unmanaged", ...storage };
}

/** What is asked of a registry, for those who compose components by hand. */
export interface PlainPlan {
  /** Exactly one store. @example { pvc: { claim: "images" } } */
  readonly storage: Storage;
  /** @default "Managed" */
  readonly managementState?: ManagementState;
  /** @default 1 */
  readonly replicas?: number;
  /** @default "RollingUpdate" */
  readonly rolloutStrategy?: RolloutStrategy;
  /** @default wherever the scheduler puts the pods */
  readonly placement?: Placement;
  /** Nodes that InfraPlacement labels in the same run. @default none */
  readonly nodesToLabel?: readonly string[];
  /** Other fields of the CR. @default none: the operator's or another manager's values stay */
  readonly settings?: RegistrySettings;
  /** Stores whose images may be lost. @default none @example ["emptyDir", "pvc images"] */
  readonly acceptImageLoss?: readonly string[];
  /** A change of the store takes the images along. @default false */
  readonly copyImages?: boolean;
  /** Checks the cluster for the store. @default nothing is checked: whoever makes the store knows it */
  readonly backend?: Backend;
}

export function planFor(
  namespace: string,
  {
    storage,
    managementState = "Managed",
    replicas = 1,
    rolloutStrategy = "RollingUpdate",
    placement: { nodeSelector, tolerations } = { nodeSelector: {}, tolerations: [] },
    nodesToLabel = [],
    settings = {},
    acceptImageLoss = [],
    copyImages = false,
    backend = { name: "", storage },
  }: PlainPlan,
): RegistryPlan {
  return {
    namespace,
    managementState,
    replicas,
    rolloutStrategy,
    storage: kept(storage),
    backend,
    placement: { nodeSelector, tolerations },
    nodesToLabel,
    acceptImageLoss,
    copyImages,
    settings,
  };
}
