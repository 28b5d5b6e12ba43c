import type {
  V1Deployment,
  V1Endpoint,
  V1EndpointSlice,
  V1Namespace,
  V1NetworkPolicy,
  V1Node,
  V1PersistentVolumeClaim,
  V1Pod,
  V1PodDisruptionBudget,
  V1Secret,
  V1Service,
} from "@kubernetes/client-node";
import { type ClusterClient, labelSelector, unlessForbidden } from "../../kubernetes/client";
import { labelsOf, nameOf } from "../../kubernetes/scheduling/pod";
import { readLimits } from "../../kubernetes/namespace-limits";
import { readPlace } from "../../kubernetes/scheduling/read-place";
import { readVolumes } from "../live-storage";
import { readTainted } from "../node-roles";
import { readOwningStack } from "../owning-stack";
import { readS3Keys } from "../store-drift";
import { wantedPlace } from "../plan";
import type { LiveRegistry, Rollout } from "../platform";
import type { StandalonePlan } from "./plan";
import { htpasswdKey, httpSecret, selector, standaloneName } from "./registry";
import { podToPlace } from "./workload";

export interface LiveStandalone extends LiveRegistry, StandaloneRollout {
  readonly namespace: V1Namespace | undefined;
  /** What running pods sign upload states with. */
  readonly httpSecret: string | undefined;
  /** The Secret that the plan names for TLS, when it holds a certificate and its key. */
  readonly certificate: V1Secret | undefined;
  /** The file of users in the Secret that the plan names for them. */
  readonly htpasswd: string | undefined;
  /** All of the cluster, whose addresses may reach the registry. */
  readonly allNodes: readonly V1Node[];
  /** SecurityContextConstraints give each namespace a range of users, and refuse any other. */
  readonly assignsUsers: boolean;
}

export interface StandaloneRollout extends Rollout {
  readonly service: V1Service | undefined;
  readonly networkPolicy: V1NetworkPolicy | undefined;
  readonly budget: V1PodDisruptionBudget | undefined;
  /** How many pods the Service sends requests to. */
  readonly endpoints: number;
}

export async function readRegistry(client: ClusterClient, plan: StandalonePlan): Promise<LiveStandalone> {
  const { namespace, tlsSecret, htpasswdSecret } = plan;
  // One request first: an unreachable cluster is then one error.
  const live = await client.get<V1Namespace>("v1", "Namespace", namespace);
  const secretNamed = (name: string | undefined) =>
    name === undefined ? undefined : client.get<V1Secret>("v1", "Secret", name, namespace);
  const [rollout, claims, secret, certificate, users, assignsUsers, owningStack, s3Keys, limits] =
    await Promise.all([
      readRollout(client, plan),
      client.list<V1PersistentVolumeClaim>("v1", "PersistentVolumeClaim", namespace),
      secretNamed(httpSecret.name),
      secretNamed(tlsSecret),
      secretNamed(htpasswdSecret),
      readAssignsUsers(client),
      readOwningStack(client, namespace),
      readS3Keys(client, plan),
      readLimits(client, namespace),
    ]);
  const volumes = await readVolumes(client, plan, rollout, claims ?? []);
  const tls = certificate?.data?.["tls.crt"] && certificate.data["tls.key"] ? certificate : undefined;
  const pod = podToPlace(plan, { ...volumes, assignsUsers, certificate: tls });
  // Each node's address is in the network policy.
  const place = await readPlace(client, pod, {
    ...wantedPlace(plan, rollout),
    nodeSelector: {},
    everyNode: true,
  });
  const nodes = place.nodes.filter((node) => isWanted(node, plan));
  return {
    ...rollout,
    ...volumes,
    ...place,
    nodes,
    namespace: live,
    tainted: await readTainted(client, nodes, plan),
    allNodes: place.nodes,
    htpasswd: decoded(users, htpasswdKey),
    httpSecret: decoded(secret, httpSecret.key),
    certificate: tls,
    assignsUsers,
    // Only OpenShift keeps a list of images.
    holdsImages: undefined,
    owningStack,
    s3Keys,
    limits,
    moment: new Date().toISOString(),
  };
}

export async function readRollout(
  client: ClusterClient,
  { namespace }: Pick<StandalonePlan, "namespace">,
): Promise<StandaloneRollout> {
  const [deployment, service, networkPolicy, budget, pods, slices] = await Promise.all([
    client.get<V1Deployment>("apps/v1", "Deployment", standaloneName, namespace),
    client.get<V1Service>("v1", "Service", standaloneName, namespace),
    client.get<V1NetworkPolicy>("networking.k8s.io/v1", "NetworkPolicy", standaloneName, namespace),
    // Users who only prove that the registry serves may have no right to it.
    unlessForbidden(
      client.get<V1PodDisruptionBudget>("policy/v1", "PodDisruptionBudget", standaloneName, namespace),
    ),
    client.list<V1Pod>("v1", "Pod", namespace, { labelSelector: labelSelector(selector) }),
    client.list<V1EndpointSlice>("discovery.k8s.io/v1", "EndpointSlice", namespace, {
      labelSelector: labelSelector({ "kubernetes.io/service-name": standaloneName }),
    }),
  ]);
  return {
    deployment,
    service,
    networkPolicy,
    budget,
    pods: pods ?? [],
    endpoints: readyPods(slices ?? []),
  };
}

function isWanted(node: V1Node, { placement, nodesToLabel }: StandalonePlan): boolean {
  const labels = labelsOf(node);
  return (
    nodesToLabel.includes(nameOf(node)) ||
    Object.entries(placement.nodeSelector).every(([key, value]) => labels[key] === value)
  );
}

// A pod of two address families is in two slices. The API server's "no endpoints" is null, whatever the types say.
function readyPods(slices: V1EndpointSlice[]): number {
  const ready = slices
    .flatMap(({ endpoints }) => (endpoints as V1Endpoint[] | null) ?? [])
    .filter(({ conditions }) => conditions?.ready);
  return new Set(ready.map(({ targetRef, addresses }) => targetRef?.name ?? addresses[0])).size;
}

// OpenShift's own API, in MicroShift too. Discovery is open to all users, and answers for what is installed; a list of a
// kind that one has no right to is refused whether it is there or not.
async function readAssignsUsers(client: ClusterClient): Promise<boolean> {
  return (await client.at("/apis/security.openshift.io")) !== undefined;
}

function decoded(secret: V1Secret | undefined, key: string): string | undefined {
  const value = secret?.data?.[key];
  return value === undefined ? undefined : Buffer.from(value, "base64").toString();
}
