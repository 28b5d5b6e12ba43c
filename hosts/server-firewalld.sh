# shellcheck shell=bash
# firewalld: rich rules bound to their source, in every zone that judges packets of the client; running and permanent
# configuration alike, without a reload. Rich rules carry no comment, so what was added is kept in a record. firewall-cmd is
# slow to start: it is asked once for all zones, and told all rules of a zone at once.

want_firewalld() {
  local entry client='' zone zones='' wanted=''
  read_firewalld
  for entry in "${FIREWALLD_RULES[@]}"; do
    if [[ ${entry%% *} != "$client" ]]; then
      client=${entry%% *}
      zones=$(zones_of "$client")
    fi
    for zone in $zones; do wanted+="$zone|${entry#* }"$'\n'; done
  done
  drop_rich_rules "$wanted"
  while IFS= read -r zone; do
    add_rich_rules "$zone" "$(sed -n "s/^$zone|//p" <<<"$wanted")" "$RUNNING_ZONES"
    add_rich_rules "$zone" "$(sed -n "s/^$zone|//p" <<<"$wanted")" "$PERMANENT_ZONES" --permanent
  done < <(cut -s -d '|' -f 1 <<<"$wanted" | sort -u)
}

read_firewalld() {
  RUNNING_ZONES=$(bounded firewall-cmd --list-all-zones)
  PERMANENT_ZONES=$(bounded firewall-cmd --permanent --list-all-zones)
  DEFAULT_ZONE=$(bounded firewall-cmd --get-default-zone)
}

# zone_lines ZONES KEY: "zone value" for each value of a key such as sources.
zone_lines() {
  awk -v key="$2:" '/^[^ \t]/ { zone = $1 } $1 == key { for (i = 2; i <= NF; i++) print zone, $i }' <<<"$1"
}

# A zone that is bound to a source judges the packets from there before the interface's zone does: one that is bound to a wider
# network all of the client's, one that is bound to part of it that part's. Of one that is bound to a set of addresses or
# to hardware addresses nobody knows.
zones_of() {
  local client=$1 zone source whole=no device devices found=''
  while read -r zone source; do
    if [[ -z $zone ]]; then continue; fi
    if ! is_network "$source" || holds "$client" "$source"; then
      found+="$zone "
    elif holds "$source" "$client"; then
      found+="$zone "
      whole=yes
    fi
  done < <(zone_lines "$RUNNING_ZONES"$'\n'"$PERMANENT_ZONES" sources)
  if [[ $whole == no ]]; then
    devices=$(devices_to "$client")
    for device in ${devices:--}; do
      zone=$(zone_of_interface "$RUNNING_ZONES" "$device")
      # After a reload, or a boot, it may be in another one.
      found+="${zone:-$DEFAULT_ZONE} $(zone_of_interface "$PERMANENT_ZONES" "$device") "
    done
  fi
  tr -s ' ' '\n' <<<"$found" | sort -u
}

# zone_of_interface ZONES DEVICE
zone_of_interface() { zone_lines "$1" interfaces | sed -n "s/^\([^ ]*\) $2\$/\1/p" | head -n 1; }

# rich_rules_of ZONE ZONES
rich_rules_of() {
  awk -v zone="$1" '/^[^ \t]/ { in_zone = $1 == zone } in_zone && /^[ \t]+rule / { sub(/^[ \t]+/, ""); print }' <<<"$2"
}

# add_rich_rules ZONE RULES CONFIGURATION [--permanent]
add_rich_rules() {
  local zone=$1 rules=$2 rule present missing=()
  present=$(rich_rules_of "$zone" "$3")
  while IFS= read -r rule; do
    if [[ $'\n'$present$'\n' == *$'\n'"$rule"$'\n'* ]]; then
      share_rule "$FIREWALLD_RECORD" "$zone|$rule"
    elif mend "firewalld, $zone ${4:-running}: $rule"; then
      missing+=("$rule")
    fi
  done <<<"$rules"
  if [[ ${#missing[@]} == 0 ]]; then return; fi
  record_rules "$FIREWALLD_RECORD" "$(printf "$zone|%s\n" "${missing[@]}")"
  bounded firewall-cmd "${@:4}" --quiet --zone="$zone" "${missing[@]/#/--add-rich-rule=}"
}

# Takes away the recorded rules that are not in the given list, save those that another export's record has.
drop_rich_rules() {
  local line zone dropped='' rules
  while IFS= read -r line; do
    if [[ -n $line ]] && mend "firewalld without ${line#*|}" && ! other_record_has "$FIREWALLD_RECORD" "$line"; then
      dropped+=$line$'\n'
    fi
  done < <(recorded_but_not "$FIREWALLD_RECORD" "$1")
  while IFS= read -r zone; do
    if [[ -z $zone ]]; then continue; fi
    mapfile -t rules < <(sed -n "s/^$zone|//p" <<<"$dropped")
    if active firewalld; then
      remove_rich_rules "$zone" firewall-cmd
      remove_rich_rules "$zone" firewall-cmd --permanent
    elif command -v firewall-offline-cmd >/dev/null; then
      # Stopped, it still has them for its next start.
      remove_rich_rules "$zone" firewall-offline-cmd
    elif [[ -e /etc/firewalld/zones/$zone.xml ]]; then
      say "notice: firewalld is not installed any more; should it come back, /etc/firewalld/zones/$zone.xml still has these rules"
    fi
  done < <(cut -s -d '|' -f 1 <<<"$dropped" | sort -u)
  keep_in_record "$FIREWALLD_RECORD" "$1"
}

# remove_rich_rules ZONE COMMAND [--permanent], of `rules`. One that is gone, or whose zone is, is none that is left.
remove_rich_rules() {
  local zone=$1 zones left
  shift
  if bounded "$@" --quiet --zone="$zone" "${rules[@]/#/--remove-rich-rule=}"; then return; fi
  zones=$(bounded "$@" --list-all-zones)
  left=$(rich_rules_of "$zone" "$zones" | grep -xF -- "$(printf '%s\n' "${rules[@]}")" || true)
  if [[ -n $left ]]; then fail "\"$* --zone=$zone --remove-rich-rule=...\" failed, and left ${left//$'\n'/, }; run it by hand, and then this again"; fi
}
