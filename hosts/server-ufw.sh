# shellcheck shell=bash
# ufw: rules of its own kind, before the administrator's, live and at boot. A rule's comment says whose it is, but ufw gives
# one rule one comment: what was added is kept in a record.

ufw_enabled() { command -v ufw >/dev/null && grep -qsi '^ENABLED=yes' /etc/ufw/ufw.conf; }

want_ufw() {
  local rule added live wanted action source sources='' rules=()
  # Where it keeps no IPv6 it takes no such rule, and lets none in.
  for rule in "${UFW_RULES[@]}"; do
    if [[ $rule != from\ *:* ]] || ! grep -qsi '^IPV6=no' /etc/default/ufw; then rules+=("$rule"); fi
  done
  wanted=$(printf '%s\n' "${rules[@]}")
  drop_ufw_rules "$wanted"
  added=$(bounded ufw show added)
  for rule in "${rules[@]}"; do
    action=$(ufw_action "$rule" "$added")
    case $action in
      allow | limit) share_rule "$UFW_RECORD" "$rule" ;;
      '')
        if mend "ufw allow $rule"; then
          record_rules "$UFW_RECORD" "$rule"
          # Split on purpose: a rule is a list of words.
          # shellcheck disable=SC2086
          bounded ufw prepend allow $rule comment "$RULE_COMMENT" >/dev/null
        fi
        ;;
      *)
        say "notice: ufw takes no \"allow\" beside its rule \"ufw $action $rule\"; to let clients in: ufw delete $action $rule"
        continue
        ;;
    esac
    read -r _ source _ <<<"$rule"
    sources+=" $source"
  done
  live=$(iptables -w -S 2>/dev/null && ip6tables -w -S 2>/dev/null) || true
  for source in $sources; do
    if ! grep -qE -- "^-A ufw6?-user-input .*-s $source(/[0-9]*)? .*-j (ACCEPT|ufw6?-user-limit-accept)" <<<"$live" &&
      mend "ufw reload, because $source is not let in"; then
      bounded ufw reload >/dev/null
      break
    fi
  done
}

# ufw_action RULE ADDED: what is done by such a rule that is there, ours or not. ufw skips one of the same words with another action.
ufw_action() {
  awk -v rule="$1" '
    { action = $2; sub(/^ufw [^ ]+ (log |log-all )?/, ""); sub(/ comment .*/, "") }
    $0 == rule { print action; exit }' <<<"$2"
}

drop_ufw_rules() {
  local rule
  while IFS= read -r rule; do
    if [[ -n $rule ]] && mend "ufw delete allow $rule" && ! other_record_has "$UFW_RECORD" "$rule" && command -v ufw >/dev/null; then
      # shellcheck disable=SC2086
      bounded ufw delete allow $rule >/dev/null || true
    fi
  done < <(recorded_but_not "$UFW_RECORD" "$1")
  keep_in_record "$UFW_RECORD" "$1"
}
