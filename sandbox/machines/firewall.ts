import type { Machine } from "./machine";

const droppingFirewall = `#!/usr/sbin/nft -f
flush ruleset
table inet filter {
  chain input {
    type filter hook input priority filter; policy drop;
    ct state established,related accept
    iif lo accept
    ip6 nexthdr icmpv6 accept
    tcp dport 22 accept
  }
}
`;

/** An administrator's firewall that lets SSH in and drops the rest; where it is there already it is left alone. */
export async function wantFirewall(machine: Machine): Promise<void> {
  if ((await machine.run("systemctl is-active nftables")).exitCode === 0) return;
  const enable = "cat >/etc/nftables.conf && systemctl enable --now nftables";
  const { exitCode, stdout, stderr } = await machine.run(enable, { input: droppingFirewall });
  if (exitCode !== 0) throw new Error(`machine ${machine.name} gets no firewall: ${stdout}${stderr}`);
}
