# shellcheck shell=bash
# Exports that are not ours and reach the same files: of the same directory, of one above it or below it. Each passes the rules
# that ours must pass, or it is said: to a client of theirs it makes no difference how well ours is kept.

JUDGED=''

judge_other_exports() {
  local path client crosses reason place text refused=''
  while IFS=$'\t' read -r path client crosses reason; do
    # What is mounted below an export is reached through it only where it says crossmnt.
    if [[ -z $path ]] || { [[ $crosses == no ]] && other_file_system "$path"; }; then continue; fi
    place=$(named_elsewhere "$path" "$client")
    text="$path, which reaches the images, is exported to $client $reason (${place:-by no file, so by hand})"
    if [[ $JUDGED == *"$text"* ]]; then continue; fi
    JUDGED+=$text
    if [[ $MODE == apply && $OTHER_EXPORTS == warn ]]; then say "warning: $text"; else refused+="${refused:+; }$text"; fi
  done < <(live_table | other_exports)
  if [[ -n $refused ]]; then
    refuse "$refused. Take that away or make it as strict as ours, and run exportfs -ra; or accept it: nfs.host.otherExports: warn"
  fi
}

other_file_system() {
  [[ $EXPORT_PATH == "${1%/}"/* && -d $EXPORT_PATH && $(stat -c %d "$1" 2>/dev/null) != "$(stat -c %d "$EXPORT_PATH")" ]]
}

# Of the table on stdin, what covers our path and is not as strict: path, client, yes or no for crossmnt, the reason.
other_exports() {
  local known=''
  # What our file had until now is about to be replaced by what it is to have.
  if [[ -e $EXPORTS_FILE ]]; then known=$(sed -n 's/^[^ #]* \([^(]*\)(.*/\1/p' "$EXPORTS_FILE" | tr '\n' ' '); fi
  EXPORTED=$EXPORT_PATH OURS=" ${CLIENTS[*]} $known" FLAVOURS=":$SECURITY:" awk -F '\t' '
    function bits(mask,   parts, n, i, count, byte) {
      if (mask !~ /\./) return mask + 0
      n = split(mask, parts, ".")
      for (i = 1; i <= n; i++) for (byte = parts[i]; byte > 0; byte = int(byte / 2)) count += byte % 2
      return count + 0
    }
    function client_problem(client,   parts, prefix, least) {
      if (client == "*") return "to every host"
      split(client, parts, "/")
      if (parts[1] !~ /^[0-9.]+$/ && parts[1] !~ /^[0-9a-fA-F:.]*:[0-9a-fA-F:.]*$/) return "by a name, which can be spoofed"
      if (parts[2] == "") return ""
      prefix = bits(parts[2]); least = client ~ /:/ ? 16 : 8
      return prefix == 0 ? "to every host" : prefix < least ? "to a network wider than /" least : ""
    }
    function options_problem(options,   list, n, i, flavours, m, j) {
      n = split(options, list, ",")
      for (i = 1; i <= n; i++) {
        if (list[i] == "no_root_squash") return "with no_root_squash: root there is root here"
        if (list[i] ~ /^anon[ug]id=0$/) return "with " list[i] ": others are root here"
        if (list[i] ~ /^sec=/) {
          m = split(substr(list[i], 5), flavours, ":")
          for (j = 1; j <= m; j++) if (index(ENVIRON["FLAVOURS"], ":" flavours[j] ":") == 0) return "with sec=" flavours[j]
        }
      }
      return ""
    }
    {
      path = $1; ours = ENVIRON["EXPORTED"]
      if (index(ours "/", path == "/" ? path : path "/") != 1 && index(path "/", ours "/") != 1) next
      client = $2; sub(/\(.*/, "", client)
      if (path == ours && index(ENVIRON["OURS"], " " client " ")) next
      options = $2; sub(/^[^(]*\(/, "", options); sub(/\)$/, "", options)
      reason = options_problem(options); open = client_problem(client)
      if (open != "") reason = reason == "" ? open : open ", " reason
      if (reason != "") printf "%s\t%s\t%s\t%s\n", path, client, options ~ /(^|,)crossmnt(,|$)/ ? "yes" : "no", reason
    }'
}
