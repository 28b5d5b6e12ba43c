import type {
  V1ConfigMap,
  V1Deployment,
  V1Endpoint,
  V1EndpointSlice,
  V1Namespace,
  V1Node,
  V1PersistentVolume,
  V1PersistentVolumeClaim,
  V1Pod,
  V1Secret,
  V1Service,
} from "@kubernetes/client-node";
import { ClusterClient, ClusterError, type ClusterConnection, labelSelector } from "../../kubernetes/client";
import { readNodes } from "../../kubernetes/nodes";
import { readOwningStack } from "../owning-stack";
import { httpSecret, selector, standaloneName, type StandalonePlan } from "./plan";

/** What the cluster says about the registry at one moment: read on every run, changed or not. */
export interface LiveStandalone extends StandaloneRollout {
  readonly namespace: V1Namespace | undefined;
  readonly nodes: V1Node[];
  /** The claims in the namespace. */
  readonly claims: V1PersistentVolumeClaim[];
  /** The volume the stack wants to make, when it exists already. */
  readonly volume: V1PersistentVolume | undefined;
  /** What running pods sign upload states with. */
  readonly httpSecret: string | undefined;
  /** The Secret that the plan names for TLS, when it holds a certificate and its key. */
  readonly certificate: V1Secret | undefined;
  readonly assignsUsers: boolean;
  /** The ConfigMap that names the stack this registry belongs to. */
  readonly owningStack: V1ConfigMap | undefined;
  /** When all this was read: another text at every run. */
  readonly moment: string;
}

/** The part that changes while a rollout runs, and is asked for again and again. */
export interface StandaloneRollout {
  readonly deployment: V1Deployment | undefined;
  readonly service: V1Service | undefined;
  readonly pods: V1Pod[];
  /** How many pods the Service sends requests to. */
  readonly endpoints: number;
}

export async function readStandalone(
  connection: ClusterConnection,
  {
    namespace,
    claim,
    tlsSecret,
    placement,
    nodesToLabel,
  }: Pick<StandalonePlan, "namespace" | "claim" | "tlsSecret" | "placement" | "nodesToLabel">,
): Promise<LiveStandalone> {
  const client = new ClusterClient(connection);
  // One request first: an unreachable cluster is then one error.
  const live = await client.get<V1Namespace>("v1", "Namespace", namespace);
  const [rollout, nodes, claims, volume, secret, certificate, assignsUsers, owningStack] = await Promise.all([
    readStandaloneRollout(client, namespace),
    readNodes(client, placement, nodesToLabel),
    client.list<V1PersistentVolumeClaim>("v1", "PersistentVolumeClaim", namespace),
    claim && client.get<V1PersistentVolume>("v1", "PersistentVolume", claim.volumeName),
    client.get<V1Secret>("v1", "Secret", httpSecret.name, namespace),
    tlsSecret === undefined ? undefined : client.get<V1Secret>("v1", "Secret", tlsSecret, namespace),
    readAssignsUsers(client),
    readOwningStack(client, namespace),
  ]);
  return {
    ...rollout,
    namespace: live,
    nodes,
    claims: claims ?? [],
    volume,
    httpSecret: decoded(secret, httpSecret.key),
    certificate: certificate?.data?.["tls.crt"] && certificate.data["tls.key"] ? certificate : undefined,
    assignsUsers,
    owningStack,
    moment: new Date().toISOString(),
  };
}

export async function readStandaloneRollout(
  client: ClusterClient,
  namespace: string,
): Promise<StandaloneRollout> {
  const [deployment, service, pods, slices] = await Promise.all([
    client.get<V1Deployment>("apps/v1", "Deployment", standaloneName, namespace),
    client.get<V1Service>("v1", "Service", standaloneName, namespace),
    client.list<V1Pod>("v1", "Pod", namespace, { labelSelector: labelSelector(selector) }),
    client.list<V1EndpointSlice>("discovery.k8s.io/v1", "EndpointSlice", namespace, {
      labelSelector: labelSelector({ "kubernetes.io/service-name": standaloneName }),
    }),
  ]);
  return {
    deployment,
    service,
    pods: pods ?? [],
    endpoints: readyPods(slices ?? []),
  };
}

// A pod of two address families is in two slices. The API server's "no endpoints" is null, whatever the types say.
function readyPods(slices: V1EndpointSlice[]): number {
  const ready = slices
    .flatMap(({ endpoints }) => (endpoints as V1Endpoint[] | null) ?? [])
    .filter(({ conditions }) => conditions?.ready);
  return new Set(ready.map(({ targetRef, addresses }) => targetRef?.name ?? addresses[0])).size;
}

// OpenShift's own API, in MicroShift too. To be forbidden to read it is to know that it is there.
async function readAssignsUsers(client: ClusterClient): Promise<boolean> {
  try {
    const found = await client.anyObject(
      "security.openshift.io/v1",
      "SecurityContextConstraints",
      () => true,
    );
    return found !== undefined;
  } catch (error) {
    if (error instanceof ClusterError && !error.transient) return true;
    throw error;
  }
}

function decoded(secret: V1Secret | undefined, key: string): string | undefined {
  const value = secret?.data?.[key];
  return value === undefined ? undefined : Buffer.from(value, "base64").toString();
}
