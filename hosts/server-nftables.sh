# shellcheck shell=bash
# nftables. A table of our own could not open anything: a packet one table accepts still meets the next table's drop
# (nft(8), "accept"). So our rules stand in a chain of our own, inside each table that drops input by default, and
# that table's input chain jumps there first. The administrator's files stay as they are: a unit of ours puts the
# chain back whenever nftables.service has loaded its rules. A table is not always there at boot, for its program may bring it
# later: each has a file of its own, so that the others do without it.

# Reads the live rules once; INPUT_FILTERS then holds those of them that may keep clients out. Where they cannot be read,
# RULESET_READ is "no".
read_nftables() {
  LIVE_RULESET='' INPUT_FILTERS='' IPTABLES_TABLES='' RULESET_READ=yes
  if ! command -v nft >/dev/null; then return; fi
  LIVE_RULESET=$(bounded nft --handle list ruleset 2>/dev/null) || RULESET_READ=no
  IPTABLES_TABLES=$(tables_that_iptables_brings_back)
  INPUT_FILTERS=$(input_filters "$LIVE_RULESET")
}

# What is loaded at the next boot may drop what comes in now: somebody has flushed the rules, or has edited the file since. A
# file that cannot be loaded in a network of its own, for it names an interface, tells nothing.
refuse_unloaded_nftables() {
  local file saved unloaded
  if ! command -v nft >/dev/null || ! enabled_at_boot nftables; then return; fi
  file=$(systemctl show --property=ExecStart nftables | sed -n 's/.* -f \([^ ]*\) ;.*/\1/p' | head -n 1)
  if [[ ! -e $file ]]; then return; fi
  # shellcheck disable=SC2016 # for the inner shell
  saved=$(bounded unshare --net sh -c 'nft -f "$1" && nft --handle list ruleset' saved "$file" 2>/dev/null) || return 0
  unloaded=$(input_filters "$saved" | grep -vxF -- "$INPUT_FILTERS" | tr '\n' ';' || true)
  if [[ -n $unloaded ]]; then
    refuse "$file, which is loaded at the next boot, may keep clients out by what is not live now: ${unloaded%;}." \
      "Load it (systemctl reload nftables), or change the file"
  fi
}

# input_filters RULESET: "family table chain" of every chain, on a packet's way in, that may drop one of a client's: by its
# policy, or by a rule of its own or of a chain it leads to. Left out are rules about other ports, about packets that belong
# to no connection or have come in by the wrong interface, and the tables that firewalld, ufw and iptables keep
# themselves. A map of verdicts counts as a chain. Whatever escapes this is found by try_packets.
input_filters() {
  PORTS=" ${FIREWALL_PORTS[*]%/*} " THEIRS=$IPTABLES_TABLES awk '
    { sub(/ # handle [0-9]+$/, "") }
    $1 == "table" { family = $2; name = $3; table = $2 " " $3 }
    $1 == "chain" { chain = table " " $2; next }
    $1 == "map" { chain = table " @" $2; next }
    $1 == "}" { chain = "" }
    chain == "" { next }
    /type filter hook (input|prerouting)/ && family ~ /^(inet|ip|ip6)$/ && name !~ /^firewalld(_policy_drop)?$/ &&
      index("\n" ENVIRON["THEIRS"] "\n", "\n" table "\n") == 0 { order[++bases] = chain }
    /policy drop/ { drops[chain] = 1 }
    {
      rule = $0
      sub(/"[^"]*"/, "", rule); gsub(/(invalid|untracked) : drop/, "", rule)
      if (match(rule, /dport ([0-9]+(-[0-9]+)?|\{ ?[0-9]+[-, 0-9]*\}) /) && !about_ours(substr(rule, RSTART + 6, RLENGTH - 7))) next
      for (rest = rule; match(rest, /(jump|goto|vmap) [^ ,{}]+/); rest = substr(rest, RSTART + RLENGTH))
        leads[chain] = leads[chain] "\n" table " " substr(rest, RSTART + 5, RLENGTH - 5)
      if (rule !~ /(^|[ \t:])(drop|reject|queue)([ ,}]|$)/ || rule ~ /ct state (invalid|untracked) |fib /) next
      drops[chain] = 1
    }
    # Of ports and ranges such as "80", "80-90" or "{ 80, 443, 8000-8100 }".
    function about_ours(text,   list, ours, ends, n, m, i, j) {
      gsub(/[{} ]/, "", text)
      n = split(text, list, ",")
      m = split(ENVIRON["PORTS"], ours, " ")
      for (i = 1; i <= n; i++) {
        if (split(list[i], ends, "-") == 1) ends[2] = ends[1]
        for (j = 1; j <= m; j++) if (ends[1] + 0 <= ours[j] + 0 && ours[j] + 0 <= ends[2] + 0) return 1
      }
      return 0
    }
    function reaches(chain, depth,   list, n, i) {
      if (drops[chain]) return 1
      if (depth > 16) return 0
      n = split(leads[chain], list, "\n")
      for (i = 2; i <= n; i++) if (reaches(list[i], depth + 1)) return 1
      return 0
    }
    END { for (i = 1; i <= bases; i++) if (reaches(order[i], 0)) print order[i] }' <<<"$1"
}

# nft_chain FAMILY TABLE CHAIN: its rules as they are live, each with its handle.
nft_chain() {
  awk -v table="$1 $2" -v chain="$3" '
    $1 == "table" { in_table = $2 " " $3 == table; next }
    $1 == "chain" { in_chain = in_table && $2 == chain; next }
    $1 == "}" { in_chain = 0 }
    in_chain && / # handle [0-9]+$/ { sub(/^[ \t]+/, ""); print }' <<<"$LIVE_RULESET"
}

want_nftables() {
  local differing before
  want_nft_files
  before=$CHANGES
  want_file "$NFT_UNIT_FILE" 644 "$NFT_UNIT_TEXT"
  if [[ $CHANGES != "$before" ]]; then bounded systemctl daemon-reload; fi
  want_gone "$FORMER_NFT_FILE"
  # Running, so that restarts and reloads of nftables.service reach it.
  want_running "$NFT_UNIT"
  if [[ $CHANGES != "$before" ]]; then read_nftables; fi
  differing=$(each_filter nft_chain_differs)
  if [[ -n $differing ]]; then
    # One transaction: at no moment is a client that stays without its rule.
    if mend "nftables: $differing"; then
      bounded nft -f - <<<"$(each_filter nft_delete_jumps)$(each_filter nft_chain_text)"
    fi
  fi
  drop_chains_but "$INPUT_FILTERS"
}

# each_filter FUNCTION [TABLE]
each_filter() {
  local family table chain
  while read -r family table chain; do
    if [[ -n $family && ${2:-$family $table} == "$family $table" ]]; then "$1" "$family" "$table" "$chain"; fi
  done <<<"$INPUT_FILTERS"
}

# A file for each table with a chain that may drop; those of tables that have none any more go.
want_nft_files() {
  local table file wanted=()
  while IFS= read -r table; do
    file=$NFT_FOLDER/$(nft_file_name "$table")
    wanted+=("$file")
    want_file "$file" 600 "$OUR_FILE_NOTE$(each_filter nft_chain_text "$table")"
  done < <(cut -d ' ' -f 1,2 <<<"$INPUT_FILTERS" | sort -u)
  for file in "$NFT_FOLDER"/*.nft; do
    if ! among "$file" "${wanted[@]}"; then want_gone "$file"; fi
  done
}

# nft_file_name TABLE: its name may have a slash, and no per cent.
nft_file_name() {
  local name=${1/ /.}
  printf '%s.nft' "${name//\//%}"
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
  local rule live='' jumps
  while IFS= read -r rule; do live+=${live:+$'\n'}${rule% # handle *}; done < <(nft_chain "$1" "$2" "$RULE_COMMENT")
  jumps=$(nft_delete_jumps "$@")
  if [[ $live != "$(nft_rules "$1")" || -z $jumps || $jumps == *$'\n'* ]]; then printf '%s %s %s; ' "$@"; fi
}

nft_delete_jumps() {
  local rule
  while IFS= read -r rule; do
    if [[ $rule == *"jump $RULE_COMMENT # handle "* ]]; then printf 'delete rule %s %s %s handle %s\n' "$@" "${rule##* }"; fi
  done < <(nft_chain "$@")
}

# Also of chains that drop nothing any more, and of tables that have come since. The unit would fail at each boot for a table that
# is gone.
drop_nftables() {
  if [[ -e $NFT_UNIT_FILE || -e $NFT_FOLDER || -e $FORMER_NFT_FILE ]] && mend "remove $NFT_UNIT and $NFT_FOLDER"; then
    bounded systemctl --quiet disable --now "$NFT_UNIT" || true
    rm -f "$NFT_UNIT_FILE"
    bounded systemctl daemon-reload
    rm -rf "$NFT_FOLDER" "$FORMER_NFT_FILE"
  fi
  drop_chains_but ''
}

# drop_chains_but FILTERS: chains of ours in tables, and jumps there in chains, that are not among these; they look as INPUT_FILTERS does.
drop_chains_but() {
  local text
  text=$(nft_deletions "$1")
  if [[ -n $text ]] && mend "nftables without $RULE_COMMENT in $(cut -d ' ' -f 3,4 <<<"$text" | sort -u | paste -sd ,)"; then
    bounded nft -f - <<<"$text"
  fi
}

# nft_deletions FILTERS: every such jump, then the chains.
nft_deletions() {
  KEPT=$1 awk -v ours="$RULE_COMMENT" '
    BEGIN {
      n = split(ENVIRON["KEPT"], filters, "\n")
      for (i = 1; i <= n; i++) { split(filters[i], part, " "); kept[filters[i]]; kept[part[1] " " part[2]] }
    }
    $1 == "table" { table = $2 " " $3 }
    $1 == "chain" { chain = $2; if (chain == ours && !(table in kept)) chains = chains "delete chain " table " " ours "\n" }
    $1 == "jump" && $2 == ours && / # handle [0-9]+$/ && !((table " " chain) in kept) { print "delete rule " table " " chain " handle " $NF }
    END { printf "%s", chains }' <<<"$LIVE_RULESET"
}
