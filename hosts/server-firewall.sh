# shellcheck shell=bash
# Opens the firewall that is active, to the clients asked and nobody else. Only rules that accept are ever added,
# so nobody who could connect before, over SSH or otherwise, is shut out.

want_firewall() {
  local states
  if [[ $FIREWALL == none ]]; then return; fi
  states=$(systemctl is-active firewalld iptables ip6tables) || true
  if [[ $states == active* ]]; then
    want_firewalld
  elif [[ $OS_FAMILY == rhel && $'\n'$states$'\n' == *$'\n'active$'\n'* ]]; then
    want_iptables iptables 4 /etc/sysconfig/iptables
    want_iptables ip6tables 6 /etc/sysconfig/ip6tables
  elif read_nftables && [[ -n $INPUT_FILTERS ]]; then
    want_nftables
  else
    say "firewall: none is active that is known here; ${FIREWALL_PORTS[*]} must be open to ${CLIENTS[*]}"
  fi
}

# The firewall may have been exchanged since: each kind is looked through.
drop_firewall() {
  drop_rich_rules ""
  IPTABLES_RULES=()
  if active iptables; then want_iptables iptables 4 /etc/sysconfig/iptables; fi
  if active ip6tables; then want_iptables ip6tables 6 /etc/sysconfig/ip6tables; fi
  drop_nftables
}
