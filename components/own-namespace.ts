import { Namespace } from "@pulumi/kubernetes/core/v1";
import type { CustomResourceOptions } from "@pulumi/pulumi";
import { patchAnnotations, standaloneManager } from "../kubernetes/field-managers";
import type { LiveStandalone } from "../platforms/standalone/live";
import { holdsOthersClaims, isOwnNamespace } from "../platforms/standalone/namespace";
import type { StandalonePlan } from "../platforms/standalone/plan";
import { managedBy } from "../platforms/standalone/registry";

/** The registry's namespace, unless it is somebody else's, who keeps it as it is. */
export function ownNamespace(
  { live, plan }: { readonly live: LiveStandalone; readonly plan: StandalonePlan },
  options: CustomResourceOptions,
): Namespace[] {
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
