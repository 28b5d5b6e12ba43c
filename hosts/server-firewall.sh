# shellcheck shell=bash
# Opens every firewall that is there, to the clients asked and nobody else. Only rules that accept are ever added, so nobody
# who could connect before, over SSH or otherwise, is shut out. At last the packets of a client are tried: see
# server-packets.sh.

want_firewall() {
  local variant stopped found='' before=$DIFFERENCES
  if [[ $FIREWALL == none ]]; then return; fi
  if active firewalld; then
    found=firewalld
    want_firewalld
  else
    for stopped in firewalld nftables; do
      if ! active "$stopped" && enabled_at_boot "$stopped"; then
        refuse "$stopped is stopped, and enabled: what it lets in after the next boot is not known; start it, or disable it"
      fi
    done
  fi
  if ufw_enabled; then
    found+=" ufw"
    want_ufw
  fi
  for variant in $(iptables_variants); do
    if want_iptables "$variant"; then found+=" $variant"; fi
  done
  read_nftables
  if ! active firewalld; then refuse_unloaded_nftables; fi
  if [[ -n $INPUT_FILTERS ]]; then
    found+=" nftables"
    want_nftables
  elif [[ $RULESET_READ == yes && $DIFFERENCES == "$before" ]]; then
    # Nothing drops any more: known for sure, and not by what a check has refused, such as a firewall that is stopped.
    drop_nftables
  fi
  if [[ -z $found ]]; then
    say "firewall: none is active that is known here; ${FIREWALL_PORTS[*]} must be open to ${CLIENTS[*]}"
  fi
  try_packets
}

enabled_at_boot() { [[ $(systemctl is-enabled "$1" 2>/dev/null) == enabled ]]; }

# The firewall may have been exchanged since, or stopped: each kind is looked through.
drop_firewall() {
  local variant
  drop_rich_rules ""
  drop_ufw_rules ""
  IPTABLES_RULES=()
  for variant in $(iptables_variants); do want_iptables "$variant" || true; done
  drop_saved_rules
  read_nftables
  drop_nftables
}

# Firewalls that tell no rule of ours from the administrator's own: what was added is kept in a record, a rule a line.

# record_rules RECORD RULES: before they are added. A run that dies in between leaves a record too many, never a rule nobody
# knows.
record_rules() {
  local known=''
  if [[ -e $1 ]]; then known=$(<"$1"); fi
  known=$(printf '%s\n%s\n' "$known" "$2" | awk 'NF && !seen[$0]++')
  put_file "$1" 600 "$known"
}

# other_record_has RECORD RULE: another export of ours needs it.
other_record_has() {
  local record
  for record in "$STATE"/*."${1##*.}"; do
    if [[ $record != "$1" ]] && grep -qsxF -- "$2" "$record"; then return; fi
  done
  return 1
}

# share_rule RECORD RULE: one that is there is ours as well where another export of ours has added it; else it is the
# administrator's own, and not ours to remove later.
share_rule() { if [[ $MODE == apply ]] && other_record_has "$1" "$2"; then record_rules "$1" "$2"; fi; }

# recorded_but_not RECORD WANTED: the rules to take away, a line each.
recorded_but_not() {
  local line
  if [[ ! -e $1 ]]; then return; fi
  while IFS= read -r line; do
    if [[ -n $line && $'\n'$2$'\n' != *$'\n'"$line"$'\n'* ]]; then printf '%s\n' "$line"; fi
  done <"$1"
}

# keep_in_record RECORD WANTED
keep_in_record() {
  local kept
  if [[ $MODE == check || ! -e $1 ]]; then return; fi
  kept=$(grep -xF -f <(printf '%s\n' "$2") -- "$1" || true)
  if [[ -z $kept ]]; then rm -f "$1"; elif [[ $kept != "$(<"$1")" ]]; then put_file "$1" 600 "$kept"; fi
}
