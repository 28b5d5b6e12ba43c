import type { V1NetworkPolicy, V1Pod } from "@kubernetes/client-node";
import { UserError } from "../errors";
import { type ClusterClient, unlessForbidden } from "../kubernetes/client";
import { holdManager } from "../kubernetes/field-managers";
import type { MoveFinding } from "../platforms/finding";
import { heldLabel } from "../platforms/moving";

/**
 * Keeps clients away from the pods of one revision of the registry: nobody pushes to them, or pulls, while the last of their
 * images are copied, and until they are gone. The pods that come after are of another revision and are not held. It belongs
 * to the mover's Job until just before the switch: Kubernetes itself takes it away where the program that set it has died.
 */
export const holdName = "image-registry-hold";

const fromAnnotation = "image-registry/from";
const hashLabel = "pod-template-hash";

/** A hold that is on. */
export interface Hold {
  readonly uid: string;
  /** ISO time. */
  readonly since: string;
  /** The store whose images were to move, for people. */
  readonly from: string;
}

const identity = { apiVersion: "networking.k8s.io/v1", kind: "NetworkPolicy" } as const;

/** Undefined where there is none, or this user may not ask. */
export async function readHold(client: ClusterClient, namespace: string): Promise<Hold | undefined> {
  const { apiVersion, kind } = identity;
  const found = await unlessForbidden(client.get<V1NetworkPolicy>(apiVersion, kind, holdName, namespace));
  return found && holdIn(found);
}

export async function setHold(
  client: ClusterClient,
  {
    namespace,
    owner,
    pods,
    hasOwnPolicy,
    from,
  }: {
    readonly namespace: string;
    readonly owner: { readonly name: string; readonly uid: string };
    readonly pods: readonly V1Pod[];
    readonly hasOwnPolicy: boolean;
    readonly from: string;
  },
): Promise<Hold> {
  const revisions = new Set(pods.map(({ metadata }) => metadata?.labels?.[hashLabel]));
  const values = [...revisions].filter((one) => one !== undefined);
  if (values.length !== revisions.size || values.length === 0)
    throw new UserError(
      `the registry's pods are not of a Deployment (no label ${hashLabel}): pushes cannot be held`,
    );
  const made = await client.create<V1NetworkPolicy>({
    ...identity,
    metadata: {
      name: holdName,
      namespace,
      annotations: { [fromAnnotation]: from },
      ownerReferences: [{ apiVersion: "batch/v1", kind: "Job", ...owner }],
    },
    spec: {
      podSelector: { matchExpressions: [{ key: hashLabel, operator: "In", values }] },
      policyTypes: ["Ingress"],
      ingress: [],
    },
  });
  if (hasOwnPolicy) for (const pod of pods) await setLabel(client, pod, "true");
  return holdIn(made);
}

/**
 * Makes the hold outlive the mover: from now on it ends with the held pods. What was held all the time is held still: one
 * that Kubernetes took away meanwhile, and another one, are errors.
 */
export async function keepHold(client: ClusterClient, namespace: string, { uid }: Hold): Promise<void> {
  const found = await client.get<V1NetworkPolicy>(identity.apiVersion, identity.kind, holdName, namespace);
  if (found?.metadata?.uid !== uid)
    throw new UserError("the hold on pushes was taken away before the switch; the next up begins again");
  const { resourceVersion = "" } = found.metadata;
  const metadata = { name: holdName, namespace, uid, resourceVersion, ownerReferences: null };
  await client.mergePatch({ ...identity, metadata: metadata as never }, holdManager);
}

/** Takes the hold away, also from pods that lost the policy but not its label; returns whether there was one. */
export async function liftHold(
  client: ClusterClient,
  namespace: string,
  pods: readonly V1Pod[],
): Promise<boolean> {
  const labelled = pods.filter(isLabelled);
  for (const pod of labelled) await setLabel(client, pod, null);
  const found = await client.get<V1NetworkPolicy>(identity.apiVersion, identity.kind, holdName, namespace);
  if (found) await client.delete({ ...identity, metadata: found.metadata });
  return found !== undefined || labelled.length > 0;
}

/** What an up that did not end has left on, for a preview and for status. */
export function leftHold(hold: Hold | undefined, pods: readonly V1Pod[]): MoveFinding[] {
  if (hold) return [{ kind: "pushes are held", since: hold.since, from: hold.from }];
  return pods.some(isLabelled) ? [{ kind: "pods are open" }] : [];
}

/** Whether a hold was set on the pod: once its policy is gone, no policy of the stack's counts for it. */
export function isLabelled({ metadata }: V1Pod): boolean {
  return metadata?.labels?.[heldLabel] !== undefined && !metadata.deletionTimestamp;
}

async function setLabel(client: ClusterClient, { metadata }: V1Pod, value: string | null): Promise<void> {
  const { name = "", namespace = "", uid = "" } = metadata ?? {};
  const labels = { [heldLabel]: value as never };
  const labelled = { apiVersion: "v1", kind: "Pod", metadata: { name, namespace, uid, labels } };
  await client.mergePatch(labelled, holdManager);
}

function holdIn({ metadata }: V1NetworkPolicy): Hold {
  const since = metadata?.creationTimestamp as unknown as string | undefined;
  return {
    uid: metadata?.uid ?? "",
    since: since ?? "",
    from: metadata?.annotations?.[fromAnnotation] ?? "",
  };
}
