import { canonicalClient } from "./export-checks";
import { fileNote } from "./exports-file";
import { nfs3Ports } from "./nfs-conf";

type Protocol = "tcp" | "udp";

/** What a client must reach: 2049/tcp is all that NFSv4 needs. */
export function openPorts(nfs3: boolean): { port: number; protocol: Protocol }[] {
  if (!nfs3) return [{ port: nfs3Ports.nfs, protocol: "tcp" }];
  const protocols: Protocol[] = ["tcp", "udp"];
  return protocols.flatMap((protocol) =>
    Object.values(nfs3Ports)
      .sort((a, b) => a - b)
      .map((port) => ({ port, protocol })),
  );
}

const isIPv6 = (client: string): boolean => client.includes(":");

/** firewalld rich rules in the spelling `--list-rich-rules` prints, each behind its client and a space. */
export function firewalldRules(clients: readonly string[], nfs3: boolean): string[] {
  return clients
    .map(canonicalClient)
    .flatMap((client) =>
      openPorts(nfs3).map(
        ({ port, protocol }) =>
          `${client} rule family="${isIPv6(client) ? "ipv6" : "ipv4"}" source address="${client}" ` +
          `port port="${port}" protocol="${protocol}" accept`,
      ),
    );
}

/** ufw rules in the spelling `ufw show added` prints, without its "ufw allow" and our comment. */
export function ufwRules(clients: readonly string[], nfs3: boolean): string[] {
  return clients
    .map(canonicalClient)
    .flatMap((client) =>
      openPorts(nfs3).map(({ port, protocol }) => `from ${client} to any port ${port} proto ${protocol}`),
    );
}

/** iptables rules in the spelling `iptables -S` prints, each behind its family (4 or 6) and a space. */
export function iptablesRules(clients: readonly string[], nfs3: boolean, comment: string): string[] {
  return clients.map(canonicalClient).flatMap((client) => {
    const source = client.includes("/") ? client : `${client}/${isIPv6(client) ? 128 : 32}`;
    return openPorts(nfs3).map(
      ({ port, protocol }) =>
        `${isIPv6(client) ? 6 : 4} -s ${source} -p ${protocol} -m ${protocol} --dport ${port} ` +
        `-m comment --comment ${comment} -j ACCEPT`,
    );
  });
}

/** nftables rules in the spelling `nft list chain` prints. */
export function nftRules(clients: readonly string[], nfs3: boolean): string[] {
  return clients
    .map(canonicalClient)
    .flatMap((client) =>
      openPorts(nfs3).map(
        ({ port, protocol }) =>
          `${isIPv6(client) ? "ip6" : "ip"} saddr ${client} ${protocol} dport ${port} accept`,
      ),
    );
}

/** The folder of an export's nftables files, one for each table. */
export const nftFolder = (name: string): string => `/etc/image-registry/${name}`;

/**
 * Loads an export's nftables files at boot and whenever nftables.service has replaced the ruleset. Each by itself: nft takes all
 * of a file or nothing, and a table that is not there at boot must not keep the others from being opened.
 */
export function nftUnit(name: string): string {
  const load = `/bin/sh -c 'ls ${nftFolder(name)}/*.nft | xargs -n 1 /usr/sbin/nft -f'`;
  return [
    fileNote,
    "[Unit]",
    `Description=Firewall rules of the NFS export ${name}`,
    "After=nftables.service",
    "PartOf=nftables.service",
    "ReloadPropagatedFrom=nftables.service",
    "",
    "[Service]",
    "Type=oneshot",
    "RemainAfterExit=yes",
    `ExecStart=${load}`,
    `ExecReload=${load}`,
    "",
    "[Install]",
    "WantedBy=multi-user.target nftables.service",
  ].join("\n");
}
