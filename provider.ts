import { Provider } from "@pulumi/kubernetes/provider";
import * as pulumi from "@pulumi/pulumi";
import type { ClusterConnection } from "./cluster/kubeconfig";
import { isKubeconfigContents } from "./cluster/kubeconfig-contents";

/** The one Kubernetes provider of the stack: the configured context, never the one a shell happens to be in. */
export function kubernetesProvider({ kubeconfig, context }: ClusterConnection): Provider {
  const given = isKubeconfigContents(kubeconfig) ? pulumi.secret(kubeconfig) : kubeconfig;
  return new Provider("cluster", {
    kubeconfig: kubeconfig === "" ? undefined : given,
    context,
    enableServerSideApply: true,
    // A volume and claim that an earlier stack retained are taken up again; the preflight refuses any that differ.
    upsertExistingObjects: true,
  });
}
