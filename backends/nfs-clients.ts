import type { V1Node } from "@kubernetes/client-node";
import ipaddr from "ipaddr.js";
import { eligibleNodes } from "../kubernetes/scheduling/node";
import { nameOf } from "../kubernetes/scheduling/pod";
import type { Asked } from "./backend";
import type { NfsClientFinding } from "./finding";

/** Of more nodes than these there is one finding in all. */
const mostSingle = 5;

/**
 * The nodes on which the registry's pods can run and whose addresses `clients` leaves out: the server refuses their
 * mounts, and pods there stay in ContainerCreating.
 */
export function unservedNodes(
  { server, clients }: { readonly server: string; readonly clients: readonly string[] },
  nodes: readonly V1Node[],
  { placement, managementState }: Pick<Asked, "placement" | "managementState">,
): NfsClientFinding[] {
  if (managementState !== "Managed") return [];
  const left = eligibleNodes(nodes, placement).flatMap((node) => {
    const addresses = addressesTo(server, node);
    const isServed = addresses.length === 0 || addresses.some((address) => isClient(address, clients));
    return isServed ? [] : [{ name: nameOf(node), addresses }];
  });
  const groups = left.length > mostSingle ? [left] : left.map((node) => [node]);
  return groups.map((of) => ({
    kind: "nodes are no clients",
    field: "nfs.host.clients",
    nodes: of,
    clients,
  }));
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
