import type { V1LabelSelector, V1LabelSelectorRequirement, V1Node, V1Pod } from "@kubernetes/client-node";
import { type ClusterClient, unlessForbidden } from "../client";
import { namespacesOf, type PodAffinityKind, requiredTerms } from "./affinity";
import { nameOf, type PlacedPod, type PodToPlace } from "./pod";

/** Pods on more nodes than this are not followed. */
const mostNodes = 50;

/**
 * The pods that the pod must be beside, or must not be, as far as the scheduler counts them. Undefined where that cannot be
 * told: there are too many, or this user may not see them.
 */
export async function readPeers(client: ClusterClient, pod: PodToPlace): Promise<PlacedPod[] | undefined> {
  const found = await Promise.all([
    podsOf(client, pod, "podAffinity"),
    podsOf(client, pod, "podAntiAffinity"),
  ]);
  if (found.includes(undefined)) return undefined;
  const pods = found.flatMap((list = []) => list);
  const all = [...new Map(pods.map((one) => [one.metadata?.uid, one])).values()];
  const names = [...new Set(all.map(({ spec }) => spec?.nodeName ?? ""))];
  if (names.length > mostNodes) return undefined;
  const nodes = (await Promise.all(names.map((name) => nodeNamed(client, name)))).flat();
  return all.flatMap(({ metadata, spec }) => {
    const node = nodes.find((one) => nameOf(one) === spec?.nodeName);
    const { labels = {}, namespace, uid } = metadata ?? {};
    const makesWay = (spec?.priority ?? 0) < (pod.priority ?? 0);
    return node ? [{ node, labels, ...(namespace && { namespace }), uid, makesWay }] : [];
  });
}

/** By a list of one, which those who may list nodes have the right to. */
async function nodeNamed(client: ClusterClient, name: string): Promise<V1Node[]> {
  const selection = { fieldSelector: `metadata.name=${name}` };
  return (await client.list<V1Node>("v1", "Node", undefined, selection)) ?? [];
}

async function podsOf(
  client: ClusterClient,
  pod: PodToPlace,
  kind: PodAffinityKind,
): Promise<V1Pod[] | undefined> {
  const asked = requiredTerms(pod, kind).flatMap((term) => {
    const places = namespacesOf(term, pod) ?? [];
    const selector = term.labelSelector && queryOf(term.labelSelector);
    if (selector === undefined) return [];
    return places === "all" ? [{ selector }] : places.map((namespace) => ({ selector, namespace }));
  });
  const lists = await unlessForbidden(
    Promise.all(
      asked.map(({ selector, namespace }: { selector: string; namespace?: string }) =>
        client.list<V1Pod>("v1", "Pod", namespace, { labelSelector: selector }),
      ),
    ),
  );
  return lists?.flatMap((pods = []) => pods.filter(isRunning));
}

function isRunning({ spec, status }: V1Pod): boolean {
  return spec?.nodeName !== undefined && status?.phase !== "Succeeded" && status?.phase !== "Failed";
}

/** As a request has it: `app=router,zone in (a,b)`. */
function queryOf({ matchLabels = {}, matchExpressions = [] }: V1LabelSelector): string {
  const labels = Object.entries(matchLabels).map(([key, value]) => `${key}=${value}`);
  return [...labels, ...matchExpressions.map(requirement)].join(",");
}

function requirement({ key, operator, values = [] }: V1LabelSelectorRequirement): string {
  switch (operator) {
    case "Exists":
      return key;
    case "DoesNotExist":
      return `!${key}`;
    default:
      return `${key} ${operator.toLowerCase()} (${values.join(",")})`;
  }
}
