# shellcheck shell=bash
# Our file in /etc/exports.d, and the live table. exportfs's exit status says nothing about one export: a line it
# dislikes elsewhere fails it, a duplicate of ours elsewhere wins over ours. So the table itself is compared.

# What exportfs has made of all files: PATH<tab>CLIENT(OPTIONS), with every option written out, defaults too. `exportfs -s`
# leaves some out. It leaves the client of a line empty that names none, and serves everybody.
live_table() {
  local text nobody=$'\t(' everybody=$'\t*('
  if [[ ! -s /var/lib/nfs/etab ]]; then return; fi
  text=$(</var/lib/nfs/etab)
  printf '%s\n' "${text//"$nobody"/$everybody}"
}

want_export() {
  local before previous='' existed=no differences messages told=$CHANGES
  before=$(live_table)
  if [[ -f $EXPORTS_FILE ]]; then
    existed=yes
    previous=$(<"$EXPORTS_FILE")
  fi
  want_file "$EXPORTS_FILE" 644 "$EXPORTS_TEXT"
  differences=$(export_differences "$before")
  if [[ -n $differences ]] && ! mend "exported table: ${differences%; }"; then return; fi
  # Whatever has changed in the file is told to the kernel.
  if [[ -z $differences && $CHANGES == "$told" ]]; then return; fi
  messages=$(reexport "$before")
  differences=$(export_differences "$(live_table)")
  if [[ -n $differences ]] || cannot_be_exported "$messages"; then
    differences=${differences%; }
    TAKEN_BACK="the export was taken back${differences:+, because after exportfs -ra $differences}. exportfs said: ${messages:-nothing}$(fsid_hint "$messages")"
    if [[ $existed == yes ]]; then put_file "$EXPORTS_FILE" 644 "$previous"; else rm -f "$EXPORTS_FILE"; fi
    # As before, and not as now: what was exported may be the target of a link that stood there for a moment.
    reexport "$before" >/dev/null
    say_dropped "$before"
    if [[ $existed == no ]]; then take_back_records; fi
    fail "$TAKEN_BACK"
  fi
  say_dropped "$before"
}

# An export that never was is nobody's to remove: what this run has asked of the host for it goes at once. Where that
# fails in its turn, both are told.
take_back_records() {
  if [[ ${#NEW_RECORDS[@]} -gt 0 ]]; then rm -f "${NEW_RECORDS[@]}"; fi
  MODE=remove
  trap 'fail "$TAKEN_BACK"' EXIT
  (
    trap 'explain_end $? "${FAILED:-$BASH_COMMAND}"' EXIT
    follow_who_is_left
  )
}

# For some file systems exportfs only warns, and then serves nothing.
cannot_be_exported() { [[ $1 == *"$EXPORT_PATH does not support NFS export"* || $1 == *"$EXPORT_PATH requires fsid="* ]]; }

fsid_hint() {
  if [[ $1 == *"$EXPORT_PATH requires fsid="* ]]; then printf '. Give the file system a number: nfs.host.fsid'; fi
}

# exportfs -ra also drops what no file names: exports made by hand, by a cluster manager, or by a line that has
# since become faulty. They are not ours to drop.
reexport() {
  local before=$1 after line path client rest
  timeout 120 exportfs -ra 2>&1 || [[ $? != 124 ]] ||
    say "exportfs -ra has not ended after 120 s; is there an exported host that DNS does not answer for, or a directory whose disk or server hangs?"
  after=$'\n'$(live_table)
  while IFS= read -r line; do
    IFS=$'\t' read -r path rest <<<"$line"
    # Of a line that was cut off nothing is made up: without a client it would be everybody's.
    if [[ $rest != *\(*\) ]]; then continue; fi
    client=${rest%%(*}
    rest=${rest#*(}
    if [[ -z $path || $path == "$EXPORT_PATH" || $after == *$'\n'"${line%%(*}("* ]]; then continue; fi
    if [[ $client == *:* ]]; then client="[${client%%/*}]$([[ $client != */* ]] || printf '/%s' "${client##*/}")"; fi
    # The table writes a blank as \040.
    timeout 60 exportfs -i -o "${rest%)}" "$client:$(printf '%b' "$path")" 2>&1 || true
  done <<<"$before"
}

# say_dropped TABLE: what of it is no more and was not ours. exportfs asks DNS anew for each host that is named.
say_dropped() {
  local path rest client after
  after=$'\n'$(live_table)
  while IFS=$'\t' read -r path rest; do
    client=${rest%%(*}
    if [[ $rest != *\(*\) || $after == *$'\n'"$path"$'\t'"$client("* ]]; then continue; fi
    if [[ $path == "$EXPORT_PATH" && -z $(named_elsewhere "$path" "$client") ]]; then continue; fi
    say "warning: the export of $path to $client, which is not ours, is gone: exportfs -ra has dropped it, and cannot bring it back." \
      "Where that name does not resolve at this moment, run exportfs -ra once it does"
  done <<<"$1"
}

# What differs between the given table and what was asked, in words: every client, and every option of each.
export_differences() {
  local path rest client option place
  local -A served=()
  while IFS=$'\t' read -r path rest; do
    if [[ $path == "$EXPORT_PATH" ]]; then served[${rest%%(*}]=${rest#*(}; fi
  done <<<"$1"
  for client in "${CLIENTS[@]}"; do
    if [[ -z ${served[$client]:-} ]]; then
      printf '%s is not served; ' "$client"
      continue
    fi
    place=$(named_elsewhere "$EXPORT_PATH" "$client")
    option=$(option_differences "${served[$client]%)}")
    if [[ -n $option ]]; then printf '%s is served %s%s; ' "$client" "$option" "${place:+, as $place has it}"; fi
    unset "served[$client]"
  done
  for client in "${!served[@]}"; do
    # Somebody else's file may export the same directory to other clients; judge_other_exports looks at those.
    if [[ -z $(named_elsewhere "$EXPORT_PATH" "$client") ]]; then printf '%s is served, and not asked for; ' "$client"; fi
  done
}

option_differences() {
  local option text=''
  for option in "${EXPECTED_OPTIONS[@]}"; do
    if [[ ,$1, != *",$option,"* ]]; then text+="${text:+, }without $option"; fi
  done
  for option in ${1//,/ }; do
    if ! among "$option" "${EXPECTED_OPTIONS[@]}" "${DEFAULT_OPTIONS[@]}" && [[ $text != *"with $option"* ]]; then
      text+="${text:+, }with $option"
    fi
  done
  printf '%s' "$text"
}

withdraw_export() {
  local before
  before=$(live_table)
  if [[ -e $EXPORTS_FILE ]]; then
    change "remove $EXPORTS_FILE"
    rm -f "$EXPORTS_FILE"
    flush /etc/exports.d
  fi
  if [[ $'\n'$before == *$'\n'"$EXPORT_PATH"$'\t'* ]]; then
    reexport "$before" >/dev/null
    say_dropped "$before"
  fi
}
