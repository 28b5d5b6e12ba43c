# shellcheck shell=bash
# iptables, also beside docker, where something loads its rules at boot: iptables-services (RHEL) or netfilter-persistent
# (Debian). Our rules stand at the top of the chain OS_FIREWALL_ALLOW where OpenShift's own procedure made it, else of INPUT;
# live, and in the file that is loaded at boot. They carry our name as a comment. A host may have rules in both
# of the kernel's tables, iptables-nft's and iptables-legacy's, and each drops what it drops.

# iptables_variants [TABLE]: the commands to ask, of the older kind where that has the table; "." is any.
iptables_variants() {
  local command
  for command in iptables ip6tables; do
    if ! command -v "$command" >/dev/null; then continue; fi
    printf '%s\n' "$command"
    # Asking the other kind would load its modules: only where there is something to ask for.
    if [[ $("$command" -V) != *nf_tables* ]]; then
      if command -v "$command-nft" >/dev/null; then printf '%s\n' "$command-nft"; fi
    elif grep -qs "${1:-filter}" "/proc/net/${command%tables}_tables_names" && command -v "$command-legacy" >/dev/null; then
      printf '%s\n' "$command-legacy"
    fi
  done
}

# saved_tables COMMAND: all that it would bring back. Chains with a name too long for it, as ours has, came in by nft.
saved_tables() {
  bounded "$1-save" 2>/dev/null | awk '
    /^\*/ { text = ""; strange = 0 }
    /^:/ && length($1) > 29 { strange = 1 }
    { text = text $0 "\n" }
    /^COMMIT/ { if (!strange) printf "%s", text; text = "" }' || true
}

# Tables of nftables, such as "ip filter", that iptables keeps there: it can read them, as it cannot what was written with nft
# alone under the same names.
tables_of_iptables() {
  local variant family
  for variant in $(iptables_variants); do
    if [[ $variant != *-nft && $("$variant" -V) != *nf_tables* ]]; then continue; fi
    family=ip
    if [[ $variant == ip6* ]]; then family=ip6; fi
    saved_tables "$variant" | sed -n "s/^\*/$family /p"
  done
}

# Those of them that are not back at boot by nftables.service, which then is who can open them.
tables_that_iptables_brings_back() {
  local table command
  while IFS= read -r table; do
    command=iptables
    if [[ $table == ip6\ * ]]; then command=ip6tables; fi
    if [[ -n $table ]] && { ! active nftables || [[ -n $(saved_rules_file "$command") ]]; }; then printf '%s\n' "$table"; fi
  done < <(tables_of_iptables)
}

# want_iptables COMMAND; rules that are ours and not asked for go away. True: it judges what comes in, now or after the next boot.
want_iptables() {
  local command=$1 rules rule file judges=no
  local -a wanted=()
  rules=$(bounded "$command" -w -S 2>/dev/null) || return 1
  # Theirs to keep: our rules are among ufw's and firewalld's own.
  if [[ $rules == *'-N ufw-user-input'* || $rules == *'-N INPUT_ZONES'* ]]; then return 1; fi
  file=$(saved_rules_file "$command")
  if input_drops "$rules" || { [[ -n $file ]] && input_drops "$(saved_filter "$file")"; }; then judges=yes; fi
  if [[ $judges == yes && -n $file ]]; then
    # bash 4.2 (RHEL 7) takes an empty array for an unset one.
    for rule in ${IPTABLES_RULES[@]+"${IPTABLES_RULES[@]}"}; do
      if [[ $rule == "$(family_of "$command") "* ]]; then wanted+=("${rule#* }"); fi
    done
  fi
  want_live_rules "$command" "$rules" ${wanted[@]+"${wanted[@]}"}
  if [[ -n $file ]]; then want_saved_rules "$file" ${wanted[@]+"${wanted[@]}"}; fi
  [[ $judges == yes ]]
}

family_of() { if [[ $1 == ip6* ]]; then printf 6; else printf 4; fi; }

# The file that is loaded at boot; says nothing where none is, or where nothing known here does that.
saved_rules_file() {
  local file=''
  if [[ $OS_FAMILY == rhel ]]; then
    if active "$1" || enabled_at_boot "$1"; then file=/etc/sysconfig/$1; fi
  elif [[ $1 != *-* ]] && enabled_at_boot netfilter-persistent; then
    file=/etc/iptables/rules.v$(family_of "$1")
  fi
  if [[ -e $file ]]; then printf '%s' "$file"; fi
}

# The filter table of such a file, as iptables -S would print it. It may hold counters.
saved_filter() {
  awk '
    { sub(/^\[[0-9]+:[0-9]+\] */, "") }
    /^\*/ { table = $1 }
    table != "*filter" { next }
    /^:/ { print "-P", substr($1, 2), $2 }
    /^-A/' "$1"
}

# Whatever loads them, or does not at the moment: no file keeps rules of ours.
drop_saved_rules() {
  local file
  for file in /etc/sysconfig/iptables /etc/sysconfig/ip6tables /etc/iptables/rules.v4 /etc/iptables/rules.v6; do
    if [[ -e $file ]]; then want_saved_rules "$file"; fi
  done
}

# Whether INPUT, or a chain it leads to, drops anything.
input_drops() {
  awk '
    $1 == "-P" && $2 == "INPUT" && $3 == "DROP" { drops["INPUT"] = 1 }
    $1 == "-A" {
      for (i = 3; i < NF; i++) if ($i == "-j" || $i == "-g") {
        if ($(i + 1) ~ /^(DROP|REJECT|NFQUEUE)$/) drops[$2] = 1
        else leads[$2] = leads[$2] " " $(i + 1)
      }
    }
    END {
      todo = "INPUT"
      while (todo != "") {
        n = split(todo, chains, " "); todo = ""
        for (i = 1; i <= n; i++) {
          if (drops[chains[i]]) exit 0
          if (!(chains[i] in seen)) { seen[chains[i]] = 1; todo = todo " " leads[chains[i]] }
        }
        if (todo ~ /^ *$/) exit 1
      }
    }' <<<"$1"
}

# want_live_rules COMMAND ITS-RULES [RULE]...
want_live_rules() {
  local command=$1 rules=$2 chain rule
  shift 2
  chain=$(allow_chain "$rules" '-N ')
  for rule in "$@"; do
    if [[ $'\n'$rules$'\n' != *$'\n'"-A $chain $rule"$'\n'* ]] && mend "$command: -I $chain $rule"; then
      # Split on purpose: the rule is a list of words, none of which holds a space.
      # shellcheck disable=SC2086
      bounded "$command" -w -I "$chain" 1 $rule
    fi
  done
  while IFS= read -r rule; do
    if [[ $rule == *"--comment $RULE_COMMENT "* ]] && ! among "$rule" "${@/#/-A $chain }" && mend "$command: drop $rule"; then
      # shellcheck disable=SC2086
      bounded "$command" -w -D ${rule#-A }
    fi
  done <<<"$rules"
}

allow_chain() {
  if [[ $'\n'$1 == *$'\n'"$2OS_FIREWALL_ALLOW"* ]]; then printf OS_FIREWALL_ALLOW; else printf INPUT; fi
}

want_saved_rules() {
  local file=$1 before after chain
  shift
  before=$(<"$file")
  chain=$(allow_chain "$before" ':')
  after=$(printf '%s\n' "$before" | saved_rules "$chain" "$@")
  if [[ $after != "$before" ]] && mend "write $file"; then put_file "$file" "$(stat -c %a "$file")" "$after"; fi
}

# iptables-save's format: our rules stand right after the chains of the filter table, before its first rule.
saved_rules() {
  local chain=$1 rules=''
  shift
  if [[ $# -gt 0 ]]; then rules=$(printf -- "-A $chain %s\n" "$@"); fi
  awk -v tag="--comment $RULE_COMMENT " -v rules="$rules" '
    index($0, tag) { next }
    /^\*/ { table = $0 }
    (/^(\[[0-9]+:[0-9]+\] *)?-/ || /^COMMIT/) && table == "*filter" && !done { if (rules != "") print rules; done = 1 }
    { print }'
}
