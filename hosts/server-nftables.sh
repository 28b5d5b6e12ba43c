# shellcheck shell=bash
# nftables. A table of our own could not open anything: a packet one table accepts still meets the next table's drop
# (nft(8), "accept"). So our rules stand in a chain of our own, inside each table that drops input by default, and
# that table's input chain jumps there first. The administrator's files stay as they are: a unit of ours puts the
# chain back whenever nftables.service has loaded its rules.

# "family table chain" of every input chain that drops what no rule accepts. Chains named INPUT belong to iptables.
nft_input_filters() {
  if ! command -v nft >/dev/null; then return; fi
  bounded nft list ruleset 2>/dev/null | awk '
    $1 == "table" { table = $2 " " $3 }
    $1 == "chain" { chain = $2; input = drops = 0 }
    /type filter hook input/ { input = 1; drops = /policy drop/ }
    /^[ \t]*(counter( packets [0-9]+ bytes [0-9]+)? )?(log .*)?(drop|reject)( with .*)?$/ { drops = 1 }
    $1 == "}" { if (input && drops && chain != "INPUT") print table, chain; input = 0 }'
}

want_nftables() {
  local filters text differing
  filters=$(nft_input_filters)
  text=$(nft_text "$filters")
  want_file "$NFT_FILE" 600 "$text"
  want_file "$NFT_UNIT_FILE" 644 "$NFT_UNIT_TEXT"
  if [[ $(systemctl is-enabled "$NFT_UNIT" 2>/dev/null) != enabled ]]; then
    if mend "enable $NFT_UNIT"; then
      bounded systemctl daemon-reload
      bounded systemctl --quiet enable "$NFT_UNIT"
    fi
  fi
  # Active, so that restarts and reloads of nftables.service reach it.
  if ! active "$NFT_UNIT"; then
    if mend "start $NFT_UNIT"; then bounded systemctl start "$NFT_UNIT"; fi
  fi
  differing=$(each_filter "$filters" nft_chain_differs)
  if [[ -n $differing ]]; then
    # One transaction: at no moment is a client that stays without its rule.
    if mend "nftables: $differing"; then
      bounded nft -f - <<<"$(each_filter "$filters" nft_delete_jumps)"$'\n'"$text"
    fi
  fi
}

each_filter() {
  local family table chain
  while read -r family table chain; do
    if [[ -n $family ]]; then "$2" "$family" "$table" "$chain"; fi
  done <<<"$1"
}

nft_text() {
  printf '%s' "$OUR_FILE_NOTE"
  each_filter "$1" nft_chain_text
}

nft_chain_text() {
  local rule
  printf '\nadd chain %s %s %s\nflush chain %s %s %s' "$1" "$2" "$RULE_COMMENT" "$1" "$2" "$RULE_COMMENT"
  while IFS= read -r rule; do printf '\nadd rule %s %s %s %s' "$1" "$2" "$RULE_COMMENT" "$rule"; done < <(nft_rules "$1")
  printf '\ninsert rule %s %s %s jump %s' "$1" "$2" "$3" "$RULE_COMMENT"
}

# Tables of family ip and ip6 see one kind of packet, inet both.
nft_rules() {
  local rule
  for rule in "${NFT_RULES[@]}"; do if [[ $1 == inet || $rule == "$1 "* ]]; then printf '%s\n' "$rule"; fi; done
}

nft_chain_differs() {
  local live jumps
  live=$(bounded nft list chain "$1" "$2" "$RULE_COMMENT" 2>/dev/null | sed -n 's/^\t\t//p')
  jumps=$(nft_delete_jumps "$@" | grep -c . || true)
  if [[ $live != "$(nft_rules "$1")" || $jumps != 1 ]]; then printf '%s %s %s; ' "$@"; fi
}

nft_delete_jumps() {
  bounded nft -a list chain "$1" "$2" "$3" |
    sed -n "s/.*jump $RULE_COMMENT # handle \([0-9]*\)$/delete rule $1 $2 $3 handle \1/p"
}

drop_nftables() {
  local filters text
  if [[ -e $NFT_UNIT_FILE ]]; then
    say "changed: remove $NFT_UNIT and $NFT_FILE"
    bounded systemctl --quiet disable --now "$NFT_UNIT" || true
    rm -f "$NFT_UNIT_FILE" "$NFT_FILE"
    bounded systemctl daemon-reload
  fi
  if ! command -v nft >/dev/null; then return; fi
  filters=$(nft_input_filters)
  text=$(each_filter "$filters" nft_delete_jumps)
  if [[ -n $text ]]; then
    say "changed: nftables without $RULE_COMMENT"
    bounded nft -f - <<<"$text"$'\n'"$(each_filter "$filters" nft_delete_chain)"
  fi
}

nft_delete_chain() { printf 'delete chain %s %s %s\n' "$1" "$2" "$RULE_COMMENT"; }
