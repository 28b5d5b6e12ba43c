import { Provider } from "@pulumi/kubernetes/provider";
import * as pulumi from "@pulumi/pulumi";
import type { ClusterConnection } from "../kubernetes/kubeconfig";
import { isKubeconfigContents } from "../kubernetes/kubeconfig";

/** The one Kubernetes provider of the stack: the configured context, never the one a shell happens to be in. */
export function kubernetesProvider({ kubeconfig, context }: ClusterConnection): Provider {
  // Empty, not undefined: the SDK would put $KUBECONFIG in its place, and the path of one machine would be a change on
  // every other. The provider takes empty as "what the environment says", too.
  const given = isKubeconfigContents(kubeconfig) ? pulumi.secret(kubeconfig) : kubeconfig;
  return new Provider("cluster", {
    kubeconfig: given,
    context,
    enableServerSideApply: true,
    // Without it, the provider creates instead of applying. What an earlier stack retained, or somebody made by hand, is taken
    // up; the checks tell what of it changes, and refuse what cannot.
    upsertExistingObjects: true,
  });
}
