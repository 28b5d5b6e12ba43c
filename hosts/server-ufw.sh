# shellcheck shell=bash
# ufw: rules of its own kind, before the administrator's, live and at boot. A rule's comment says whose it is, but ufw gives
# one rule one comment: what was added is kept in a record.

ufw_enabled() { command -v ufw >/dev/null && grep -qsi '^ENABLED=yes' /etc/ufw/ufw.conf; }

want_ufw() {
  local rule added live wanted rules=()
  # Where it keeps no IPv6 it takes no such rule, and lets none in.
  for rule in "${UFW_RULES[@]}"; do
    if [[ $rule != from\ *:* ]] || ! grep -qsi '^IPV6=no' /etc/default/ufw; then rules+=("$rule"); fi
  done
  wanted=$(printf '%s\n' "${rules[@]}")
  drop_ufw_rules "$wanted"
  added=$(bounded ufw show added)
  for rule in "${rules[@]}"; do
    if [[ $added$'\n' == *$'\n'"ufw allow $rule"$'\n'* || $added$'\n' == *$'\n'"ufw allow $rule comment "* ]]; then
      if [[ $MODE == apply ]] && other_record_has "$UFW_RECORD" "$rule"; then record_rules "$UFW_RECORD" "$rule"; fi
    elif mend "ufw allow $rule"; then
      record_rules "$UFW_RECORD" "$rule"
      # Split on purpose: a rule is a list of words.
      # shellcheck disable=SC2086
      bounded ufw prepend allow $rule comment "$RULE_COMMENT" >/dev/null
    fi
  done
  live=$(iptables -w -S 2>/dev/null && ip6tables -w -S 2>/dev/null) || true
  for rule in "${rules[@]}"; do
    read -r _ rule _ <<<"$rule"
    if ! grep -q -- "^-A ufw6\\{0,1\\}-user-input .*-s $rule\\(/[0-9]*\\)\\{0,1\\} .*-j ACCEPT" <<<"$live" && mend "ufw reload, because $rule is not let in"; then
      bounded ufw reload >/dev/null
      break
    fi
  done
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
