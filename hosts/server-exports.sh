# shellcheck shell=bash
# Our file in /etc/exports.d, and the live table. exportfs's exit status says nothing about one export: a line it
# dislikes elsewhere fails it, a duplicate of ours elsewhere wins over ours. So the table itself is compared.

live_table() { timeout 60 exportfs -s; }

want_export() {
  local before previous='' existed=no differences messages
  before=$(live_table)
  if [[ -f $EXPORTS_FILE ]]; then
    existed=yes
    previous=$(<"$EXPORTS_FILE")
  fi
  want_file "$EXPORTS_FILE" 644 "$EXPORTS_TEXT"
  differences=$(export_differences "$before")
  if [[ -n $differences ]]; then
    if ! mend "exported table: ${differences%; }"; then return; fi
    messages=$(reexport "$before")
    differences=$(export_differences "$(live_table)")
    if [[ -n $differences || $messages == *"$EXPORT_PATH does not support NFS export"* ]]; then
      if [[ $existed == yes ]]; then put_file "$EXPORTS_FILE" 644 "$previous"; else rm -f "$EXPORTS_FILE"; fi
      reexport "$(live_table)" >/dev/null
      fail "the export was taken back, because after exportfs -ra ${differences%; }. exportfs said: $messages"
    fi
  fi
}

# exportfs -ra also drops what no file names: exports made by hand, by a cluster manager, or by a line that has
# since become faulty. They are not ours to drop.
reexport() {
  local before=$1 after line path client rest
  timeout 120 exportfs -ra 2>&1 || true
  after=$'\n'$(live_table)
  while IFS= read -r line; do
    read -r path rest <<<"$line"
    client=${rest%%(*}
    rest=${rest#*(}
    if [[ -z $path || $path == "$EXPORT_PATH" || $after == *$'\n'"${line%%(*}("* ]]; then continue; fi
    if [[ $client == *:* ]]; then client="[${client%%/*}]$([[ $client != */* ]] || printf '/%s' "${client##*/}")"; fi
    timeout 60 exportfs -i -o "${rest%)}" "$client:$path" 2>&1 || true
  done <<<"$before"
}

# What differs between the given table and what was asked, in words.
export_differences() {
  local path rest client option
  local -A served=()
  while read -r path rest; do
    if [[ $path == "$EXPORT_PATH" ]]; then served[${rest%%(*}]=,${rest#*(}; fi
  done <<<"${1//)/,}"
  for client in "${CLIENTS[@]}"; do
    if [[ -z ${served[$client]:-} ]]; then
      printf '%s is not served; ' "$client"
      continue
    fi
    for option in "${EXPECTED_OPTIONS[@]}"; do
      if [[ ${served[$client]} != *",$option,"* ]]; then printf '%s is served without %s; ' "$client" "$option"; fi
    done
    unset "served[$client]"
  done
  for client in "${!served[@]}"; do
    if ! named_elsewhere "$client"; then printf '%s is served, and not asked for; ' "$client"; fi
  done
}

# Somebody else's file may export the same directory to other clients.
named_elsewhere() {
  local file
  for file in /etc/exports /etc/exports.d/*.exports; do
    if [[ $file != "$EXPORTS_FILE" ]] && grep -s "^${EXPORT_PATH}[[:space:]]" "$file" | grep -qF "$1("; then return; fi
  done
  return 1
}

withdraw_export() {
  local before
  before=$(live_table 2>/dev/null || true)
  if [[ -e $EXPORTS_FILE ]]; then
    say "changed: remove $EXPORTS_FILE"
    rm -f "$EXPORTS_FILE"
    flush /etc/exports.d
  fi
  if [[ $'\n'$before == *$'\n'"$EXPORT_PATH "* ]]; then reexport "$before" >/dev/null; fi
}
