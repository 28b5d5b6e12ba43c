import { Namespace } from "@pulumi/kubernetes/core/v1";
import type { CustomResourceOptions } from "@pulumi/pulumi";
import { patchAnnotations, standaloneManager } from "../kubernetes/field-managers";
import type { LiveStandalone } from "../platforms/standalone/live";
import { isOwnNamespace, namespaceLabels } from "../platforms/standalone/namespace";
import type { StandalonePlan } from "../platforms/standalone/plan";

/** The registry's namespace, unless it is somebody else's, who keeps it as it is. */
export function ownNamespace(
  { live, plan }: { readonly live: LiveStandalone; readonly plan: StandalonePlan },
  options: CustomResourceOptions,
): Namespace[] {
  if (!isOwnNamespace(live)) return [];
  const labels = { ...namespaceLabels };
  const annotations = patchAnnotations(standaloneManager);
  return [
    new Namespace(
      "namespace",
      { metadata: { name: plan.namespace, labels, annotations } },
      // It would take with it all that is in it, also what came after the program last looked.
      { ...options, retainOnDelete: true },
    ),
  ];
}
