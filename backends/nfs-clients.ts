import type { V1Node } from "@kubernetes/client-node";
import ipaddr from "ipaddr.js";
import { eligibleNodes } from "../kubernetes/scheduling/node";
import { nameOf } from "../kubernetes/scheduling/pod";
import type { Asked, Finding } from "./backend";

/** So many nodes are told of by name. */
const mostNamed = 5;

/**
 * The nodes on which the registry's pods can run and whose addresses `clients` leaves out: the server refuses their
 * mounts, and pods there stay in ContainerCreating.
 */
export function unservedNodes(
  { server, clients }: { readonly server: string; readonly clients: readonly string[] },
  nodes: readonly V1Node[],
  { placement, managementState }: Pick<Asked, "placement" | "managementState">,
): Finding[] {
  if (managementState !== "Managed") return [];
  const left = eligibleNodes(nodes, placement).flatMap((node) => {
    const addresses = addressesTo(server, node);
    const isServed = addresses.length === 0 || addresses.some((address) => isClient(address, clients));
    return isServed ? [] : [`"${nameOf(node)}" (${addresses.join(", ")})`];
  });
  const field = "nfs.host.clients";
  const allowed = `${clients.join(", ")}: the server refuses its mount, and pods there do not start`;
  if (left.length <= mostNamed)
    return left.map((node) => ({ field, message: `node ${node} is in none of ${allowed}` }));
  const message = `${left.length} nodes are in none of ${clients.join(", ")}, and pods on them do not start: `;
  return [
    {
      field,
      message: `${message}${left.slice(0, mostNamed).join(", ")} and ${left.length - mostNamed} more`,
    },
  ];
}

/** The addresses that a node mounts from: those of the server's family, where its address tells it. */
function addressesTo(server: string, { status }: V1Node): string[] {
  const all = (status?.addresses ?? [])
    .filter(({ type, address }) => type === "InternalIP" && ipaddr.isValid(address))
    .map(({ address }) => address);
  if (!ipaddr.isValid(server)) return all;
  const family = ipaddr.parse(server).kind();
  const same = all.filter((address) => ipaddr.parse(address).kind() === family);
  return same.length ? same : all;
}

function isClient(text: string, clients: readonly string[]): boolean {
  const address = ipaddr.parse(text);
  return clients.some((client) => {
    const [network, bits] = client.includes("/")
      ? ipaddr.parseCIDR(client)
      : [ipaddr.parse(client), undefined];
    if (network.kind() !== address.kind()) return false;
    return bits === undefined ? network.toString() === address.toString() : address.match(network, bits);
  });
}
