import { Namespace } from "@pulumi/kubernetes/core/v1";
import type { CustomResourceOptions } from "@pulumi/pulumi";
import { summary } from "../operator/convergence";
import type { ClusterConnection } from "../../kubernetes/kubeconfig";
import { type CheckedStandalone, checkStandalone } from "./checked";
import { holdsOthersClaims, isOwnNamespace } from "./namespace";
import { managedBy } from "./plan";
import * as components from "../../components";
import { patchAnnotations, standaloneManager } from "../../components/field-managers";
import type { Configuration } from "../../config";
import { nextSteps, standalonePlanOf } from "../plan";
import { kubernetesProvider } from "../../components/provider";
import { storageOf } from "../../components/backend-storage";

/** The program on a cluster without the registry's operator: the stack runs the registry itself. */
export async function standalonePlatform(
  config: Configuration,
  connection: ClusterConnection,
  stack: string,
) {
  const registry = await checkStandalone(connection, standalonePlanOf(config), stack);

  // A live registry outlives its stack: destroy lets go of it, and of what it stands on.
  const retainOnDelete = config.managementState !== "Removed";
  const provider = kubernetesProvider(connection);
  const { namespace } = registry.plan;
  const made = namespaceOf(registry, { provider, retainOnDelete });
  const owner = new components.OwningStack(
    "stack",
    { stack, namespace, ...registry },
    { provider, dependsOn: made },
  );
  const options = { provider, retainOnDelete, dependsOn: [owner] };

  const storage = storageOf(config, namespace, registry, options);
  const placement = config.placement?.infra
    ? [new components.InfraPlacement("placement", { ...config.placement, live: registry.live }, options)]
    : [];
  const standalone = new components.StandaloneRegistry(
    "registry",
    { registry, timeoutSeconds: config.timeoutSeconds },
    { ...options, dependsOn: [owner, ...storage.needed, ...placement] },
  );

  return {
    backend: config.backend,
    ...storage.outputs,
    endpoint: standalone.endpoint,
    conditions: standalone.conditions.apply(summary),
    next: nextSteps(config),
  };
}

/** The registry's namespace, unless it is somebody else's, who keeps it as it is. */
function namespaceOf({ live, plan }: CheckedStandalone, options: CustomResourceOptions): Namespace[] {
  if (!isOwnNamespace(live)) return [];
  const labels = { ...managedBy, "pod-security.kubernetes.io/enforce": "restricted" };
  const annotations = patchAnnotations(standaloneManager);
  return [
    new Namespace(
      "namespace",
      { metadata: { name: plan.namespace, labels, annotations } },
      // A namespace takes with it all that is in it.
      { ...options, retainOnDelete: options.retainOnDelete || holdsOthersClaims(live, plan) },
    ),
  ];
}
