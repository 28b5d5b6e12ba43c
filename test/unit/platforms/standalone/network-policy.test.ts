import assert from "node:assert/strict";
import { networkPolicySpec } from "../../../../platforms/standalone/network-policy";
import { selector } from "../../../../platforms/standalone/registry";
import { node } from "../../support/fixtures";

const at = (name: string, ...addresses: string[]) => ({
  ...node(name),
  status: {
    addresses: [
      { type: "Hostname", address: name },
      ...addresses.map((address) => ({ type: "InternalIP", address })),
    ],
  },
});
const nodes = [at("b", "10.0.0.2", "fd00::2"), at("a", "10.0.0.1")];
const nobody = { namespaces: [], networks: [] };

function peers(...args: Parameters<typeof networkPolicySpec>): string[] {
  const [rule] = networkPolicySpec(...args).ingress;
  return rule!.from.map(({ ipBlock, namespaceSelector, podSelector }) =>
    ipBlock
      ? ipBlock.cidr
      : Object.entries((namespaceSelector ?? podSelector)?.matchLabels ?? {})
          .flat()
          .join("="),
  );
}
const hostNetwork = "policy-group.network.openshift.io/host-network=";

describe("the network policy of a standalone registry", () => {
  it("lets in the nodes and nobody else, to the registry's port of its pods alone", () => {
    assert.deepEqual(peers(nodes, nobody), ["10.0.0.1/32", "10.0.0.2/32", "fd00::2/128", hostNetwork]);
    const { podSelector, policyTypes, ingress } = networkPolicySpec(nodes, nobody);
    assert.deepEqual(podSelector.matchLabels, selector);
    assert.deepEqual(policyTypes, ["Ingress"]);
    assert.deepEqual(ingress[0]?.ports, [{ protocol: "TCP", port: 5000 }]);
  });

  it("lets in the namespaces and networks that are named", () => {
    const named = peers([], { namespaces: ["ci"], networks: ["192.168.0.0/16", "203.0.113.7"] });
    assert.deepEqual(named, [
      "192.168.0.0/16",
      "203.0.113.7/32",
      "kubernetes.io/metadata.name=ci",
      hostNetwork,
    ]);
  });

  it("stays the same while nodes of a named network come and go", () => {
    const inside = { namespaces: [], networks: ["10.0.0.0/24", "fd00::/64"] };
    assert.deepEqual(peers(nodes, inside), peers([...nodes, at("c", "10.0.0.3")], inside));
    assert.deepEqual(peers(nodes, inside), ["10.0.0.0/24", "fd00::/64", hostNetwork]);
  });

  it("is the same in whatever order the cluster lists its nodes", () => {
    assert.deepEqual(peers(nodes, nobody), peers([...nodes].reverse(), nobody));
  });
});
