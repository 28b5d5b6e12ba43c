import * as path from "node:path";

/** Where a control plane keeps its files. */
export interface Layout {
  readonly directory: string;
  /** Everything that lives and dies with one cluster: removed when it stops. */
  readonly cluster: string;
  readonly pki: string;
  readonly stages: string;
  readonly auditPolicy: string;
  /** Who asked what of the API server: one JSON object (audit.k8s.io/v1 Event) a line. */
  readonly auditLog: string;
  /** The user's, for the context `sandbox`. */
  readonly kubeconfig: string;
  readonly kubeconfigs: Readonly<Record<"kube-controller-manager" | "kube-scheduler" | "kwok", string>>;
}

export const defaultDirectory = path.resolve(__dirname, "../../.sandbox");

export function layoutOf(directory: string): Layout {
  const cluster = path.join(directory, "cluster");
  const kubeconfigOf = (client: string) => path.join(cluster, `${client}.kubeconfig`);
  return {
    directory,
    cluster,
    pki: path.join(cluster, "pki"),
    stages: path.join(cluster, "kwok.yaml"),
    auditPolicy: path.join(cluster, "audit-policy.yaml"),
    auditLog: path.join(cluster, "audit.log"),
    kubeconfig: path.join(directory, "kubeconfig"),
    kubeconfigs: {
      "kube-controller-manager": kubeconfigOf("kube-controller-manager"),
      "kube-scheduler": kubeconfigOf("kube-scheduler"),
      kwok: kubeconfigOf("kwok"),
    },
  };
}
