import type { V1NetworkPolicyPeer, V1Node } from "@kubernetes/client-node";
import ipaddr from "ipaddr.js";
import type { AllowFrom } from "./plan";
import { registryPort, selector } from "./registry";

/** As OpenShift's networks call the nodes themselves, whose packets come from other addresses there. */
const hostNetwork = { "policy-group.network.openshift.io/host-network": "" };

/**
 * Who reaches the registry's pods: the nodes, for they pull images and probe, and whom the stack names. A node in a network
 * that is named needs no line of its own, so that the policy stays the same while nodes come and go.
 */
export function networkPolicySpec(nodes: readonly V1Node[], { namespaces, networks }: AllowFrom) {
  const named = networks.map(asNetwork);
  const addresses = nodes
    .flatMap(({ status }) => status?.addresses ?? [])
    .filter(({ type, address }) => type === "InternalIP" && ipaddr.isValid(address))
    .map(({ address }) => asNetwork(address))
    .filter((address) => !named.some((network) => holds(network, address)));
  const from: V1NetworkPolicyPeer[] = [
    ...[...new Set([...named, ...addresses.sort()])].map((cidr) => ({ ipBlock: { cidr } })),
    ...namespaces.map((name) => ({
      namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": name } },
    })),
    { namespaceSelector: { matchLabels: hostNetwork } },
  ];
  return {
    podSelector: { matchLabels: selector },
    policyTypes: ["Ingress"],
    // As the API has it: the client library calls it _from.
    ingress: [{ from, ports: [{ protocol: "TCP", port: registryPort }] }],
  };
}

function asNetwork(text: string): string {
  if (text.includes("/")) return text;
  return `${text}/${ipaddr.parse(text).kind() === "ipv4" ? 32 : 128}`;
}

function holds(network: string, address: string): boolean {
  const [range, bits] = ipaddr.parseCIDR(network);
  const [one] = ipaddr.parseCIDR(address);
  return one.kind() === range.kind() && one.match(range, bits);
}
