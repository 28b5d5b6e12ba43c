# shellcheck shell=bash
# firewalld: rich rules bound to their source, in the zone where the client's packets arrive; running and permanent
# configuration alike, without a reload. Rich rules carry no comment, so what was added is kept in a record.

want_firewalld() {
  local entry line wanted=''
  for entry in "${FIREWALLD_RULES[@]}"; do
    find_zone "${entry%% *}"
    wanted+="$ZONE|${entry#* }"$'\n'
  done
  drop_rich_rules "$wanted"
  while IFS= read -r line; do
    if [[ -n $line ]]; then
      add_rich_rule "${line%%|*}" "${line#*|}"
      add_rich_rule "${line%%|*}" "${line#*|}" --permanent
    fi
  done <<<"$wanted"
}

# firewall-cmd takes a third of a second for each answer: they are kept.
declare -A ZONES=() RICH_RULES=()

find_zone() {
  local device
  if [[ -z ${ZONES[$1]:-} ]]; then
    device=$(ip -o route get "${1%%/*}" 2>/dev/null | sed -n 's/.* dev \([^ ]*\).*/\1/p') || device=''
    ZONES[$1]=$(firewall-cmd --get-zone-of-source="$1" 2>/dev/null) ||
      ZONES[$1]=$(firewall-cmd --get-zone-of-interface="$device" 2>/dev/null) ||
      ZONES[$1]=$(bounded firewall-cmd --get-default-zone)
  fi
  ZONE=${ZONES[$1]}
}

# add_rich_rule ZONE RULE [--permanent]
add_rich_rule() {
  local key="$1 ${3:-running}"
  if [[ -z ${RICH_RULES[$key]:-} ]]; then
    RICH_RULES[$key]=$'\n'$(bounded firewall-cmd "${@:3}" --zone="$1" --list-rich-rules)$'\n'
  fi
  if [[ ${RICH_RULES[$key]} == *$'\n'"$2"$'\n'* ]]; then
    # Shared with another export of ours, or the administrator's own: that one is not ours to remove later.
    if [[ $MODE == apply ]] && other_record_has "$1|$2"; then record_rich_rule "$1|$2"; fi
  elif mend "firewalld, $key: $2"; then
    record_rich_rule "$1|$2"
    bounded firewall-cmd "${@:3}" --quiet --zone="$1" --add-rich-rule="$2"
  fi
}

# Before the rule is added: a run that dies in between leaves a record too many, never a rule nobody knows.
record_rich_rule() {
  local known=''
  if [[ -e $FIREWALLD_RECORD ]]; then known=$(<"$FIREWALLD_RECORD"); fi
  if [[ $'\n'$known$'\n' != *$'\n'"$1"$'\n'* ]]; then put_file "$FIREWALLD_RECORD" 600 "${known:+$known$'\n'}$1"; fi
}

# Takes away the recorded rules that are not in the given list, save those that another export's record has.
drop_rich_rules() {
  local line kept=''
  if [[ ! -e $FIREWALLD_RECORD ]]; then return; fi
  while IFS= read -r line; do
    if [[ $'\n'$1 == *$'\n'"$line"$'\n'* ]]; then
      kept+=${kept:+$'\n'}$line
    elif mend "firewalld without ${line#*|}" && ! other_record_has "$line" && active firewalld; then
      bounded firewall-cmd --quiet --zone="${line%%|*}" --remove-rich-rule="${line#*|}" || true
      bounded firewall-cmd --quiet --zone="${line%%|*}" --permanent --remove-rich-rule="${line#*|}" || true
    fi
  done <"$FIREWALLD_RECORD"
  if [[ $MODE == check ]]; then return; fi
  if [[ -n $kept ]]; then put_file "$FIREWALLD_RECORD" 600 "$kept"; else rm -f "$FIREWALLD_RECORD"; fi
}

other_record_has() {
  local record
  for record in "$STATE"/*.firewalld; do
    if [[ $record != "$FIREWALLD_RECORD" ]] && grep -qsxF -- "$1" "$record"; then return; fi
  done
  return 1
}
