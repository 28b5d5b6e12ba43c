import assert from "node:assert/strict";
import type { V1Node } from "@kubernetes/client-node";
import { unservedNodes } from "../../../backends/nfs-clients";
import { findingText } from "../../../platforms/text";
import { infraNode, node, onInfra } from "../support/fixtures";

const anywhere = { placement: { nodeSelector: {}, tolerations: [] }, managementState: "Managed" as const };

function at(one: V1Node, ...addresses: string[]): V1Node {
  const listed = addresses.map((address) => ({ type: "InternalIP", address }));
  return {
    ...one,
    status: { ...one.status, addresses: [...listed, { type: "Hostname", address: "worker" }] },
  };
}

const said = (
  clients: string[],
  nodes: V1Node[],
  server = "nfs.example.com",
  asked: Parameters<typeof unservedNodes>[2] = anywhere,
) => unservedNodes({ server, clients }, nodes, asked).map(findingText);

describe("nfs.host.clients and the nodes' addresses", () => {
  it("agree where a network or an address has each node, of IPv4 and of IPv6", () => {
    const nodes = [at(node("a"), "10.0.32.5"), at(node("b"), "fd00::5"), at(node("c"), "10.0.64.5")];
    assert.deepEqual(said(["10.0.32.0/20", "fd00::/64", "10.0.64.5"], nodes), []);
  });

  it("differ for a node in none of them, which is warned of by name and address", () => {
    const nodes = [at(node("v4"), "10.0.64.5"), at(node("v6"), "fd00::5"), at(node("served"), "10.0.47.255")];
    const found = said(["10.0.32.0/20"], nodes);
    assert.equal(found.length, 2);
    assert.match(
      found[0]!,
      /^nfs\.host\.clients: node "v4" \(10\.0\.64\.5\) is in none of 10\.0\.32\.0\/20: the server refuses/,
    );
    assert.match(found[1]!, /node "v6" \(fd00::5\) is in none of/);
  });

  it("are compared in the server's family where its address tells it: of the other the node does not mount", () => {
    const dual = [at(node("dual"), "10.0.32.5", "fd00::5")];
    assert.deepEqual(said(["10.0.32.0/20"], dual), []);
    assert.deepEqual(said(["10.0.32.0/20"], dual, "10.0.0.1"), []);
    assert.match(said(["10.0.32.0/20"], dual, "fd00::1").join(), /"dual" \(fd00::5\)/);
  });

  it("are told in one line of many nodes", () => {
    const many = Array.from({ length: 30 }, (_, index) => at(node(`n${index}`), `10.1.0.${index + 1}`));
    const [text = "", ...more] = said(["10.0.0.0/16"], many);
    assert.deepEqual(more, []);
    assert.match(text, /30 nodes are in none of .*"n0" \(10\.1\.0\.1\), .* and 25 more$/);
  });

  it("do not matter on nodes where the registry's pods cannot be, or to one that is taken down", () => {
    const nodes = [at(node("worker"), "10.9.9.9"), at(infraNode("infra"), "10.0.0.5")];
    assert.deepEqual(said(["10.0.0.0/16"], nodes, undefined, { ...anywhere, placement: onInfra }), []);
    assert.deepEqual(
      said(["10.0.0.0/16"], nodes, undefined, { ...anywhere, managementState: "Removed" }),
      [],
    );
  });
});
