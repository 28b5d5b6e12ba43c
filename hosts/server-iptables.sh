# shellcheck shell=bash
# iptables-services, as OpenShift's own procedure has it: rules at the top of the chain OS_FIREWALL_ALLOW where the
# host has it, else of INPUT; live, and in /etc/sysconfig for the next boot. Our rules carry our name as a comment.

# want_iptables COMMAND FAMILY FILE; rules that are ours and not asked for go away.
want_iptables() {
  local command=$1 file=$3 rule
  local -a wanted=()
  # bash 4.2 (RHEL 7) takes an empty array for an unset one.
  for rule in ${IPTABLES_RULES[@]+"${IPTABLES_RULES[@]}"}; do if [[ $rule == "$2 "* ]]; then wanted+=("${rule#* }"); fi; done
  if ! active "$command"; then
    if [[ ${#wanted[@]} -gt 0 ]]; then say "firewall: $command is not active; nothing was opened in it"; fi
    return
  fi
  want_live_rules "$command" ${wanted[@]+"${wanted[@]}"}
  want_saved_rules "$file" ${wanted[@]+"${wanted[@]}"}
}

want_live_rules() {
  local command=$1 rules chain rule
  shift
  rules=$(bounded "$command" -w -S)
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

among() {
  local sought=$1 one
  shift
  for one in "$@"; do if [[ $one == "$sought" ]]; then return; fi; done
  return 1
}

want_saved_rules() {
  local file=$1 before after chain
  shift
  if [[ ! -e $file ]]; then
    if [[ $# -gt 0 ]]; then refuse "$file does not exist, so the rules would be lost at the next boot"; fi
    return
  fi
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
    (/^-/ || /^COMMIT/) && table == "*filter" && !done { if (rules != "") print rules; done = 1 }
    { print }'
}
