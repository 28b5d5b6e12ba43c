import assert from "node:assert/strict";
import type { V1Node } from "@kubernetes/client-node";
import type { ClusterClient } from "../../../../kubernetes/client";
import type { PodToPlace } from "../../../../kubernetes/scheduling/pod";
import { readPlace, type WantedPlace } from "../../../../kubernetes/scheduling/read-place";
import { node } from "../../support/fixtures";

const zone = "topology.kubernetes.io/zone";
const labels = { app: "registry" };
const wanted: WantedPlace = {
  replicas: 2,
  beside: [],
  nodeSelector: {},
  named: [],
  asWillBe: (one) => one,
  everyNode: false,
};
const spread = (topologyKey: string): PodToPlace => ({
  nodeSelector: {},
  tolerations: [],
  labels,
  topologySpreadConstraints: [
    { topologyKey, maxSkew: 1, whenUnsatisfiable: "DoNotSchedule", labelSelector: { matchLabels: labels } },
  ],
});

/** How many of the nodes were read, a page at a time; a list by `key,key!=value` has those of other values. */
async function read(nodes: readonly V1Node[], pod: PodToPlace, more: Partial<WantedPlace> = {}) {
  const client = {
    async *inPages(_: string, __: string, { labelSelector }: { labelSelector: string }, size: number) {
      const [key = "", ...not] = labelSelector.split(",");
      const values = not.map((term) => term.split("!=")[1]);
      const isMeant = ({ metadata }: V1Node) =>
        key === "" || (metadata?.labels?.[key] !== undefined && !values.includes(metadata.labels[key]));
      const found = await Promise.resolve(nodes.filter(isMeant));
      for (let at = 0; at < found.length; at += size) yield found.slice(at, at + size);
    },
    list: () => Promise.resolve([]),
  };
  return (await readPlace(client as unknown as ClusterClient, pod, { ...wanted, ...more })).nodes.length;
}

function many(count: number, zoneOf: (index: number) => string): V1Node[] {
  return Array.from({ length: count }, (_, index) => node(`node-${index}`, { [zone]: zoneOf(index) }));
}

describe("the nodes of a large cluster", () => {
  const bare: PodToPlace = { nodeSelector: {}, tolerations: [], labels };

  it("are read as far as replicas need them, or all where each is of interest", async () => {
    const nodes = many(450, () => "a");
    assert.equal(await read(nodes, bare), 100);
    assert.equal(await read(nodes, bare, { everyNode: true }), 450);
    assert.equal(
      await read(
        many(40, () => "a"),
        bare,
      ),
      40,
    );
  });

  it("are read on while replicas have to be spread over zones that were not met yet", async () => {
    const late = many(450, (index) => (index < 250 ? "a" : "b"));
    assert.equal(await read(late, spread(zone)), 300);
    // All of one zone: there is nothing to spread over.
    assert.equal(
      await read(
        many(450, () => "a"),
        spread(zone),
      ),
      100,
    );
  });

  it("are all read where no node takes the pod, so that each reason is known", async () => {
    assert.equal(
      await read(
        many(450, () => "a"),
        { ...bare, nodeSelector: { disk: "ssd" } },
      ),
      450,
    );
  });
});
