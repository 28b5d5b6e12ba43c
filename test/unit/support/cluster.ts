import { Provider } from "@pulumi/kubernetes/provider";

/** For components that have all they ask of a cluster given to them. */
export const nowhere = { kubeconfig: "/nonexistent", context: "dev" };

export function clusterProvider(): Provider {
  return new Provider("cluster", { context: "dev" });
}
