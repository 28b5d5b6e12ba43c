import { UserError } from "../errors";
import { fullKey } from "../stack/stack-file";
import { namespaces, workspaceAccount } from "./hub";
import type { CommittedStack } from "./stack-files";
import { workspaceTemplate } from "./workspace";

/** Where runs take the program from, and where they keep their state: the same for all stacks. */
export interface Source {
  readonly repository: string;
  /** A whole hash. */
  readonly commit: string;
  readonly image: string;
  /** Seconds between two looks at an unchanged stack; 60 is the operator's least. */
  readonly every: number;
  /** Name of the Secret that opens the repository: key `sshPrivateKey` or `accessToken`. */
  readonly gitSecret?: string;
  /** URL of the state's backend; else the environment's Secret has it, or it is Pulumi Cloud. */
  readonly backend?: string;
  readonly organization?: string;
  readonly hasPolicySettings: boolean;
}

/**
 * up: what the commit says is done, and what others changed is put back. preview: the hub only looks. approved: as up, but
 * only once for each object that somebody applies, for nobody has approved of more.
 */
export type RunMode = "up" | "preview" | "approved";

export type StackObject = ReturnType<typeof stackObject>;

/** A Stack of the operator's v2 (pulumi.com/v1). */
export function stackObject(stack: CommittedStack, mode: RunMode, source: Source) {
  const name = objectName(stack.name, mode);
  return {
    apiVersion: "pulumi.com/v1",
    kind: "Stack",
    metadata: {
      name,
      namespace: mode === "approved" ? namespaces.production : namespaces.fleet,
      labels: {
        "app.kubernetes.io/part-of": "image-registry",
        "image-registry/stack": stack.name,
        "image-registry/mode": mode,
      },
    },
    spec: {
      stack: source.organization ? `${source.organization}/${stack.name}` : stack.name,
      projectRepo: source.repository,
      commit: source.commit,
      ...(source.gitSecret && { gitAuth: gitAuth(source.repository, source.gitSecret) }),
      ...(source.backend && { backend: source.backend }),
      // A wrong backend would otherwise begin a new, empty stack on a cluster that has one.
      useLocalStackOnly: true,
      // To delete this object takes nothing down. The program keeps a live registry even if someone says true.
      destroyOnFinalize: false,
      refresh: true,
      ...schedules(mode, source.every),
      ...(mode === "preview" && previewOnly(stack)),
      serviceAccountName: workspaceAccount,
      // The pod goes when a run has succeeded: a hundred stacks cost what runs now.
      workspaceReclaimPolicy: "Delete",
      workspaceTemplate: workspaceTemplate({
        image: source.image,
        hasPolicySettings: source.hasPolicySettings,
        environmentSecret: secretsOf(name).environment,
        ...(!stack.hasKubeconfig && { kubeconfigSecret: secretsOf(name).kubeconfig }),
      }),
    },
  };
}

/** The Secrets that a Stack object of that name asks for; a person makes them, nothing here ever holds their contents. */
export function secretsOf(name: string): { readonly kubeconfig: string; readonly environment: string } {
  return { kubeconfig: `${name}-kubeconfig`, environment: `${name}-pulumi` };
}

/** The configuration that the hub sets over what the stack's file says. */
export function overlayOf(mode: RunMode, { configuration }: Pick<CommittedStack, "configuration">) {
  return mode === "preview" && configuration.nfs?.host ? { verifyHosts: "true" } : {};
}

function schedules(mode: RunMode, every: number) {
  return mode === "approved" ? {} : { continueResyncOnCommitMatch: true, resyncFrequencySeconds: every };
}

function previewOnly(stack: CommittedStack) {
  const overlay = Object.entries(overlayOf("preview", stack));
  return {
    preview: true,
    // Else a preview that shows drift succeeds, and nobody is told.
    updateTemplate: { spec: { expectNoChanges: true } },
    ...(overlay.length && {
      config: Object.fromEntries(overlay.map(([key, value]) => [fullKey(key), value])),
    }),
  };
}

const longest = 42;

/** The name of a stack's object: the operator makes a StatefulSet of it, whose pods' labels end at 63 characters. */
function objectName(stack: string, mode: RunMode): string {
  const plain = stack.toLowerCase().replaceAll(/[._]/g, "-");
  const name = mode === "preview" ? `${plain}-preview` : plain;
  if (/^[a-z]([-a-z0-9]*[a-z0-9])?$/.test(name) && name.length <= longest) return name;
  throw new UserError(
    `stack "${stack}": "${name}" cannot name its object; the operator takes ${longest} characters: letters, digits and "-", first a letter`,
  );
}

function gitAuth(repository: string, secret: string) {
  const of = (key: string) => ({ type: "Secret", secret: { name: secret, key } });
  return /^https?:/.test(repository)
    ? { accessToken: of("accessToken") }
    : { sshAuth: { sshPrivateKey: of("sshPrivateKey") } };
}
