/** Where the image keeps what the CLI writes to, and where the Secret's kubeconfig is put. */
const paths = {
  kubeconfig: "/var/run/secrets/image-registry",
  workspaces: "/opt/pulumi/workspaces",
  scratch: "/tmp",
} as const;

/** In the checkout's root, beside the folder of the pack (docs/policy.md). */
export const policySettings = "policies.json";

/** The user of fleet/Containerfile, which the operator's restricted profile asks for, too. */
const user = 1000;

export interface WorkspaceOptions {
  /** The image that fleet/Containerfile makes, by tag or digest. */
  readonly image: string;
  /** Name of the Secret whose key `config` is a kubeconfig; none where the stack's file holds one. */
  readonly kubeconfigSecret?: string;
  /** Name of the Secret whose keys become environment variables: PULUMI_CONFIG_PASSPHRASE, the state's credentials. */
  readonly environmentSecret: string;
  /** Whether the commit has a policies.json: a team's own settings for the policy pack. */
  readonly hasPolicySettings: boolean;
}

/**
 * What the operator makes of a Stack, changed: the pod in which its runs happen. A Workspace of our own beside the Stack
 * would get in the operator's way, which applies one of that name itself.
 */
export function workspaceTemplate(options: WorkspaceOptions) {
  const { image, kubeconfigSecret, environmentSecret, hasPolicySettings } = options;
  const kubeconfig = { name: "kubeconfig", mountPath: paths.kubeconfig, readOnly: true };
  return {
    spec: {
      image,
      securityProfile: "restricted",
      env: [
        // The operator knows no policy packs; the CLI takes any option from such a variable.
        { name: "PULUMI_OPTION_POLICY_PACK", value: "policy" },
        ...(hasPolicySettings ? [{ name: "PULUMI_OPTION_POLICY_PACK_CONFIG", value: policySettings }] : []),
        ...(kubeconfigSecret ? [{ name: "KUBECONFIG", value: `${paths.kubeconfig}/config` }] : []),
      ],
      envFrom: [{ secretRef: { name: environmentSecret } }],
      // A preview needs about 500 MiB at its peak: the CLI, Node and the Kubernetes provider.
      resources: { requests: { cpu: "250m", memory: "512Mi" }, limits: { memory: "1536Mi" } },
      podTemplate: {
        spec: {
          securityContext: { fsGroup: user },
          containers: [
            {
              name: "pulumi",
              securityContext: { readOnlyRootFilesystem: true },
              volumeMounts: [
                ...(kubeconfigSecret ? [kubeconfig] : []),
                { name: "scratch", mountPath: paths.scratch, subPath: "tmp" },
                { name: "scratch", mountPath: paths.workspaces, subPath: "workspaces" },
              ],
            },
          ],
          volumes: [
            ...(kubeconfigSecret
              ? [{ name: "kubeconfig", secret: { secretName: kubeconfigSecret, defaultMode: 0o440 } }]
              : []),
            { name: "scratch", emptyDir: { sizeLimit: "2Gi" } },
          ],
        },
      },
    },
  };
}
