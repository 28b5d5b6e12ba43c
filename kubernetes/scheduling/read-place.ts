import type { V1Node, V1Pod } from "@kubernetes/client-node";
import { type ClusterClient, ClusterError, labelSelector } from "../client";
import { whyNot } from "./node";
import { readPeers } from "./peers";
import { placed } from "./place";
import { labelsOf, nameOf, type Place, type PodToPlace, replicasOn } from "./pod";
import { freeOn, lacking } from "./resources";
import { requiredSpread } from "./spread";

/** One page; a node with its list of images takes some kilobytes. */
const nodesAtOnce = 100;
/** Of a large cluster, this many nodes without room are looked at; the others count as empty. */
const mostLookedInto = 24;

export interface WantedPlace {
  readonly replicas: number;
  /** Labels of the nodes that are looked at. */
  readonly nodeSelector: Readonly<Record<string, string>>;
  /** Replicas that stay until new ones are ready. */
  readonly beside: readonly V1Pod[];
  /** Nodes that are read whatever their labels are. */
  readonly named: readonly string[];
  /** The node as it will be when the pods come. */
  readonly asWillBe: (node: V1Node) => V1Node;
  /** Whether each node is of interest, though fewer would do for the pods. */
  readonly everyNode: boolean;
}

/**
 * The nodes that could take the pod, and what keeps it off them: of a large cluster only as many as show that all
 * replicas find one, also beside those that run. Where they do not, all nodes are read.
 */
export async function readPlace(client: ClusterClient, pod: PodToPlace, wanted: WantedPlace): Promise<Place> {
  const { replicas, named, asWillBe, everyNode } = wanted;
  const [peers, ...byName] = await Promise.all([
    readPeers(client, pod),
    ...named.map((name) => client.get<V1Node>("v1", "Node", name)),
  ]);
  const found = new Map(byName.flatMap((node) => (node ? [[nameOf(node), node]] : [])));
  const room = new Room(client, pod, replicas);
  const selection = { labelSelector: labelSelector(wanted.nodeSelector) };
  for await (const page of client.inPages<V1Node>("v1", "Node", selection, nodesAtOnce)) {
    for (const node of page) found.set(nameOf(node), node);
    if (everyNode || page.length < nodesAtOnce) continue;
    const nodes = [...found.values()].map(asWillBe);
    const furtherValues = await keysWithFurtherValues(client, nodes, pod, replicas);
    const place = { nodes, running: await room.on(nodes), peers, furtherValues };
    const [inAll, beside] = [
      placed(pod, replicas, place),
      placed(pod, 1, place, replicasOn(nodes, wanted.beside)),
    ];
    if (inAll.nodes.length === replicas && beside.nodes.length)
      return { ...place, nodes: [...found.values()] };
  }
  const nodes = [...found.values()];
  return { nodes, running: await room.on(nodes.map(asWillBe)), peers };
}

/** What runs on nodes that could take the pod, one after another until more of them have room than there are replicas. */
class Room {
  private readonly running = new Map<string, V1Pod[]>();
  private withRoom = 0;
  private mayLook = true;

  constructor(
    private readonly client: ClusterClient,
    private readonly pod: PodToPlace,
    private readonly replicas: number,
  ) {}

  /** Nothing where this user may not see the pods of other namespaces. */
  async on(nodes: readonly V1Node[]): Promise<ReadonlyMap<string, readonly V1Pod[]>> {
    const { pod, running } = this;
    for (const node of nodes) {
      if (!this.mayLook || running.size >= mostLookedInto || this.withRoom > this.replicas) break;
      const name = nameOf(node);
      if (running.has(name) || whyNot(node, pod) !== undefined) continue;
      const pods = await this.podsOn(name);
      if (!pods) continue;
      running.set(name, pods);
      if (lacking(pod.requests ?? {}, freeOn(node, pods, pod.priority ?? 0)) === undefined) this.withRoom++;
    }
    return running;
  }

  private async podsOn(node: string): Promise<V1Pod[] | undefined> {
    try {
      const selection = { fieldSelector: `spec.nodeName=${node}` };
      return await this.client.list<V1Pod>("v1", "Pod", undefined, selection);
    } catch (error) {
      if (!(error instanceof ClusterError && error.code === 403)) throw error;
      this.mayLook = false;
      return undefined;
    }
  }
}

/** Topology keys over which replicas are spread, and of which nodes that were not read have values of their own. */
async function keysWithFurtherValues(
  client: ClusterClient,
  nodes: readonly V1Node[],
  pod: PodToPlace,
  replicas: number,
): Promise<ReadonlySet<string>> {
  const keys = requiredSpread(pod).map(({ topologyKey }) => topologyKey);
  const further = await Promise.all(
    keys.map(async (key) => {
      const values = new Set(nodes.flatMap((node) => labelsOf(node)[key] ?? []));
      // One value more than pods has none of them, whatever other nodes have.
      if (values.size > replicas + 1) return true;
      const others = [key, ...[...values].map((value) => `${key}!=${value}`)].join(",");
      const first = await client.inPages("v1", "Node", { labelSelector: others }, 1).next();
      return first.done !== true && first.value.length > 0;
    }),
  );
  return new Set(keys.filter((_, index) => further[index]));
}
